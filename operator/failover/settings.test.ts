import { describe, expect, it } from '@jest/globals';
import { isListed, regionSettings } from './settings.ts';
import { aRegion, aSettings, EAST, signalsNamed, WEST } from './testing/a-settings.ts';

describe('settings', () => {
  it.each([
    [WEST, aRegion(WEST)],
    ['ap-south-1', undefined],
  ])('Given region %s, then its own settings are found, and no others', (region, expected) => {
    const settings = aSettings({ regions: [aRegion(EAST), aRegion(WEST)] });

    expect(regionSettings(settings, region)).toEqual(expected);
  });

  it('Given some classes, then those are listed and others are not', () => {
    const settings = aSettings({ signals: signalsNamed('controlPlane', 'http') });

    expect(isListed(settings, 'http')).toBe(true);
    expect(isListed(settings, 'endpoint')).toBe(false);
  });
});
