import { ReleaseError } from './release-error.ts';

const UNRELEASED = '## Unreleased';

/** What stands under Unreleased, and the changelog with it under the version instead. */
export interface ReleasedChangelog {
  readonly notes: string;
  readonly text: string;
}

/**
 * @param date YYYY-MM-DD
 * @throws ReleaseError when nothing stands under Unreleased
 */
export function releaseChangelog(text: string, version: string, date: string): ReleasedChangelog {
  const start = text.indexOf(`${UNRELEASED}\n`);
  const end = text.indexOf('\n## ', start + UNRELEASED.length);
  const notes = start < 0 ? '' : text.slice(start + UNRELEASED.length, end < 0 ? undefined : end).trim();
  if (notes === '') {
    throw new ReleaseError(
      'cannot release: CHANGELOG.md has nothing under "Unreleased"; say there what changes for users',
    );
  }
  const rest = end < 0 ? '' : text.slice(end);
  const released = `${UNRELEASED}\n\n## ${version} (${date})\n\n${notes}\n`;
  return { notes, text: `${text.slice(0, start)}${released}${rest}` };
}
