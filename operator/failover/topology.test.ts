import { describe, expect, it, jest } from '@jest/globals';
import { arnOf, aRound, ENGINE, type RegionProps, type RoundProps } from './testing/a-round.ts';
import { aSettings, CENTRAL, EAST, THREE_REGIONS, WEST } from './testing/a-settings.ts';
import { noAnswer } from './testing/attempts.ts';
import { parseClusterArn, readTopology, writerIn, type Topology } from './topology.ts';

const SILENT: RegionProps = { rds: noAnswer() };

function read(props: RoundProps, recorded: { recordedPrimary?: string; distrustedRegion?: string } = {}): Topology {
  const members = [EAST, WEST, CENTRAL];
  const settings = aSettings({ regions: THREE_REGIONS });
  return readTopology({ round: aRound({ members, ...props }), settings, ...recorded });
}

const inFlight = (status: string, to = WEST, isDataLossAllowed?: boolean): RegionProps => ({
  failoverState: {
    status,
    fromClusterArn: arnOf(EAST),
    toClusterArn: arnOf(to),
    ...(isDataLossAllowed === undefined ? {} : { isDataLossAllowed }),
  },
});

describe('a writer that the policy does not name', () => {
  const APART = 'ap-south-1';
  const everywhere = { members: [EAST, WEST, CENTRAL, APART], writer: APART };

  it.each<[string, RoundProps, string | undefined]>([
    ['it is nobody that is recorded', everywhere, undefined],
    ['another one is recorded', everywhere, EAST],
    ['the recorded region is silent', { ...everywhere, regions: { [EAST]: SILENT } }, EAST],
    ['a recorded region was taken out of the policy', everywhere, APART],
  ])('Given %s, then the roles are disputed, and the record stays', (_, props, recordedPrimary) => {
    const topology = read(props, recordedPrimary === undefined ? {} : { recordedPrimary });

    expect(topology.dispute).toContain(`${arnOf(APART)}, which spec.regions does not name`);
    expect(topology.primaryRegion).toBe(recordedPrimary);
  });
});

describe('who is the primary', () => {
  it.each<[string, RoundProps, { recordedPrimary?: string; distrustedRegion?: string }, string | undefined, boolean]>([
    ['nothing recorded, all agree', {}, {}, EAST, false],
    [
      'nothing recorded, nobody answers',
      { regions: { [EAST]: SILENT, [WEST]: SILENT, [CENTRAL]: SILENT } },
      {},
      undefined,
      false,
    ],
    ['nothing recorded, two opinions', { regions: { [WEST]: { writer: WEST } } }, {}, undefined, true],
    ['recorded and confirmed', {}, { recordedPrimary: EAST }, EAST, false],
    ['recorded, lost, the others repeat it', { regions: { [EAST]: SILENT } }, { recordedPrimary: EAST }, EAST, false],
    [
      'recorded, nobody answers',
      { regions: { [EAST]: SILENT, [WEST]: SILENT, [CENTRAL]: SILENT } },
      { recordedPrimary: EAST },
      EAST,
      false,
    ],
    ['all moved on', { writer: WEST }, { recordedPrimary: EAST }, WEST, false],
    [
      'the new writer says so, the old region is silent',
      { regions: { [EAST]: SILENT, [WEST]: { writer: WEST } } },
      { recordedPrimary: EAST },
      WEST,
      false,
    ],
    [
      'the new writer says so, the old one contradicts',
      { regions: { [WEST]: { writer: WEST } } },
      { recordedPrimary: EAST },
      EAST,
      true,
    ],
    [
      'only a third region says so',
      { regions: { [EAST]: SILENT, [WEST]: SILENT, [CENTRAL]: { writer: WEST } } },
      { recordedPrimary: EAST },
      EAST,
      true,
    ],
    [
      'two regions each call themselves the writer',
      { regions: { [EAST]: SILENT, [WEST]: { writer: WEST }, [CENTRAL]: { writer: CENTRAL } } },
      { recordedPrimary: EAST },
      EAST,
      true,
    ],
    [
      'an old primary returns with its old opinion',
      { writer: WEST, regions: { [EAST]: { writer: EAST } } },
      { recordedPrimary: WEST, distrustedRegion: EAST },
      WEST,
      true,
    ],
    [
      'an old primary returns with its old opinion while the new one is silent',
      { regions: { [EAST]: { writer: EAST }, [WEST]: SILENT, [CENTRAL]: SILENT } },
      { recordedPrimary: WEST, distrustedRegion: EAST },
      WEST,
      true,
    ],
    [
      'an old primary is the writer by the word of another region too',
      { regions: { [EAST]: { writer: EAST }, [WEST]: SILENT, [CENTRAL]: { writer: EAST } } },
      { recordedPrimary: WEST, distrustedRegion: EAST },
      EAST,
      false,
    ],
    [
      'a view with two writers says nothing',
      { writer: EAST, regions: { [WEST]: { writer: [EAST, WEST] } } },
      { recordedPrimary: EAST },
      EAST,
      false,
    ],
    [
      'nothing recorded, the writer’s own region silent, the others agree',
      { regions: { [EAST]: SILENT } },
      {},
      EAST,
      false,
    ],
    [
      'an old primary names itself while another region still names the new one, which is silent',
      { writer: WEST, regions: { [EAST]: { writer: EAST }, [WEST]: SILENT } },
      { recordedPrimary: WEST, distrustedRegion: EAST },
      WEST,
      true,
    ],
  ])('Given %s, then primary and dispute follow', (_, props, recorded, primary, isDisputed) => {
    const topology = read(props, recorded);

    expect(topology.primaryRegion).toBe(primary);
    expect(topology.dispute !== undefined).toBe(isDisputed);
  });
});

describe('what a dispute says', () => {
  it('Given two opinions, then every region is told with its own', () => {
    const { dispute } = read({ regions: { [WEST]: { writer: WEST } } }, { recordedPrimary: EAST });

    expect(dispute).toBe('us-east-1 says us-east-1, us-west-2 says us-west-2, eu-central-1 says us-east-1');
  });

  it('Given a secondary that the policy does not name, then nothing is disputed', () => {
    expect(read({ members: [EAST, WEST, CENTRAL, 'ap-south-1'] }).dispute).toBeUndefined();
  });

  it('Given the writer is another cluster of a region of the policy, then it is not the policy’s', () => {
    const other = arnOf(WEST).replace(/orders$/, 'other');
    const round = aRound({ members: [EAST, WEST, CENTRAL] });
    const regions = Object.fromEntries(
      Object.entries(round.regions).map(([name, seen]) => [
        name,
        {
          ...seen,
          globalCluster: { ...seen.globalCluster!, members: [{ clusterArn: other, isWriter: true, readers: [] }] },
        },
      ]),
    );
    const settings = aSettings({ regions: THREE_REGIONS });
    const topology = readTopology({ round: { ...round, regions }, settings, recordedPrimary: WEST });

    expect(topology.dispute).toBe(`us-east-1 says ${other}, which spec.regions does not name`);
    expect(topology.members[WEST]?.role).toBe('Missing');
  });
});

describe('what is observed', () => {
  it.each<[string, RoundProps['regions'], boolean]>([
    ['nobody', { [EAST]: SILENT, [WEST]: SILENT, [CENTRAL]: SILENT }, false],
    ['one region', { [EAST]: SILENT, [WEST]: SILENT }, true],
    ['everybody', {}, true],
  ])('Given %s describes the global cluster, then it is observed: %j %s', (_, regions, isObserved) => {
    expect(read({ regions: regions ?? {} }).isObserved).toBe(isObserved);
  });

  it('Given one region does not tell the engine version, then another one does', () => {
    const round = aRound({ members: [EAST, WEST, CENTRAL] });
    const { engineVersion: _, ...globalCluster } = round.regions[EAST]!.globalCluster!;
    const regions = { ...round.regions, [EAST]: { ...round.regions[EAST]!, globalCluster } };

    expect(readTopology({ round: { ...round, regions }, settings: aSettings() }).engineVersion).toBe(ENGINE);
  });
});

describe('members', () => {
  it('Given a silent region, then the primary has the word on it, before other regions', () => {
    const { members } = read(
      {
        writer: WEST,
        regions: {
          [EAST]: { synchronization: { [CENTRAL]: 'pending-resync' } },
          [WEST]: { synchronization: { [CENTRAL]: 'connected' } },
          [CENTRAL]: SILENT,
        },
      },
      { recordedPrimary: WEST },
    );

    expect(members[CENTRAL]?.synchronizationStatus).toBe('connected');
  });

  it('Given the primary is silent too, then any other region has', () => {
    const { members } = read({ regions: { [EAST]: SILENT, [WEST]: SILENT } }, { recordedPrimary: EAST });

    expect(members[WEST]).toEqual({
      region: WEST,
      clusterIdentifier: 'orders',
      clusterArn: arnOf(WEST),
      role: 'Secondary',
      synchronizationStatus: 'connected',
    });
  });

  it('Given a healthy round, then roles and ARNs are known', () => {
    const { members } = read({});

    expect(members[EAST]).toMatchObject({ role: 'Primary', clusterArn: arnOf(EAST) });
    expect(members[WEST]).toMatchObject({ role: 'Secondary', synchronizationStatus: 'connected' });
  });

  it('Given a configured cluster that is no member, then it is Missing', () => {
    const outside = { members: [EAST, WEST] };
    const { members } = read({ regions: { [EAST]: outside, [WEST]: outside, [CENTRAL]: outside } });

    expect(members[CENTRAL]?.role).toBe('Missing');
    expect(members[CENTRAL]?.clusterArn).toBe(arnOf(CENTRAL));
  });

  it('Given the views differ, then a member’s own region has the first word on it', () => {
    const { members } = read({
      regions: {
        [EAST]: { synchronization: { [WEST]: 'connected' } },
        [WEST]: { synchronization: { [WEST]: 'pending-resync' } },
      },
    });

    expect(members[WEST]?.synchronizationStatus).toBe('pending-resync');
  });

  it('Given a member whose ARN cannot be read, then it is nobody’s', () => {
    const view = aRound().regions[EAST]!.globalCluster!;
    const odd = { clusterArn: `orders in ${EAST}`, isWriter: true, readers: [] };

    expect(writerIn({ ...view, members: [odd, ...view.members] }, aSettings())).toBe(EAST);
  });

  it('Given the same cluster identifier in every region, then the region tells members apart', () => {
    expect(writerIn(aRound({ writer: WEST }).regions[EAST]?.globalCluster, aSettings())).toBe(WEST);
  });
});

describe('operations in flight', () => {
  it.each<[string, RegionProps, boolean | undefined, string | undefined]>([
    ['nothing', {}, undefined, undefined],
    ['pending, data loss allowed', inFlight('pending', WEST, true), false, WEST],
    ['pending, no data loss', inFlight('pending', WEST, false), true, WEST],
    ['switching-over, unstated', inFlight('switching-over'), true, WEST],
    ['failing-over, unstated', inFlight('failing-over'), false, WEST],
    ['a status without a state', { globalStatus: 'switching-over' }, true, undefined],
    ['the failing status without a state', { globalStatus: 'failing-over' }, false, undefined],
    ['a status without a hyphen', { globalStatus: 'switchingover' }, true, undefined],
    ['an unknown status within a state', inFlight('a word of tomorrow'), false, WEST],
  ])('Given %s, then it is seen as such', (_, region, isSwitchover, toRegion) => {
    const { inFlight: seen } = read({ regions: { [WEST]: region } });

    expect(seen?.isSwitchover).toBe(isSwitchover);
    expect(seen?.toRegion).toBe(toRegion);
  });

  it('Given two regions show different operations, then the target’s own region is believed', () => {
    const topology = read({ regions: { [EAST]: inFlight('pending', CENTRAL), [WEST]: inFlight('pending', WEST) } });

    expect(topology.inFlight).toMatchObject({ toRegion: WEST, seenIn: WEST });
  });
});

describe('an operation that only the global cluster’s status tells', () => {
  it('Given failing-over, then that is its status', () => {
    expect(read({ regions: { [WEST]: { globalStatus: 'failing-over' } } }).inFlight).toEqual({
      status: 'failing-over',
      seenIn: WEST,
      isSwitchover: false,
    });
  });
});

describe('parseClusterArn', () => {
  it.each([
    ['arn:aws:rds:us-east-1:111122223333:cluster:orders', { region: 'us-east-1', identifier: 'orders' }],
    ['arn:aws:rds:us-east-1:111122223333:global-cluster:orders', undefined],
    ['arn:aws:ec2:us-east-1:111122223333:cluster:orders', undefined],
    ['urn:aws:rds:us-east-1:111122223333:cluster:orders', undefined],
    ['arn:aws:rds::111122223333:cluster:orders', undefined],
    ['arn:aws:rds:us-east-1:111122223333:cluster:', undefined],
    ['orders', undefined],
    ['', undefined],
  ])('Given %j, then it parses to what it names', (arn, expected) => {
    expect(parseClusterArn(arn)).toEqual(expected);
  });

  it('given an ARN that it has read, when it is asked again, then it is not read anew, and memory stays bounded', async () => {
    jest.resetModules();
    const { parseClusterArn: parse } = await import('./topology.ts');
    const first = parse(arnOf(EAST));
    for (let index = 1; index < 4096; index += 1) {
      parse(`${arnOf(EAST)}-${index}`);
    }
    expect(parse(arnOf(EAST))).toBe(first);

    parse(arnOf(WEST));
    expect(parse(arnOf(EAST))).not.toBe(first);
    expect(parse(arnOf(EAST))).toEqual(first);
  });
});
