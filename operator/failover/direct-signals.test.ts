import { describe, expect, it } from '@jest/globals';
import {
  hasAnswered,
  hasSurvivorAnswered,
  isRegionAlive,
  readControlPlane,
  readEndpoint,
  readWitness,
} from './direct-signals.ts';
import type { Attempt, WitnessObservation } from './observation.ts';
import { aRound, T0 } from './testing/a-round.ts';
import { CENTRAL, EAST, WEST } from './testing/a-settings.ts';
import {
  ANSWERED,
  LOCAL_CAUSES,
  local,
  NO_ANSWER_CAUSES,
  noAnswer,
  REJECTION_CAUSES,
  rejected,
} from './testing/attempts.ts';

const SURVIVOR_SILENT = [noAnswer(), rejected(), local()];

/** Each way not to answer, with the state that it means while a surviving region answers. */
const ATTEMPTS: [string, Attempt, string][] = [
  ...NO_ANSWER_CAUSES.map((cause): [string, Attempt, string] => [`noAnswer ${cause}`, noAnswer(cause), 'Failing']),
  ...REJECTION_CAUSES.map((cause): [string, Attempt, string] => [`rejected ${cause}`, rejected(cause), 'Unknown']),
  ...LOCAL_CAUSES.map((cause): [string, Attempt, string] => [`local ${cause}`, local(cause), 'Unknown']),
];

describe('controlPlane', () => {
  it.each([
    ['available', 'Passing'],
    ['failed', 'Failing'],
    ['inaccessible-encryption-credentials', 'Failing'],
    ...[
      'failing-over',
      'upgrading',
      'maintenance',
      'modifying',
      'rebooting',
      'backing-up',
      'stopped',
      'inaccessible-encryption-credentials-recoverable',
      'Available',
      'a status of tomorrow',
      '',
    ].map((status): [string, string] => [status, 'Unknown']),
  ])('Given RDS calls the cluster "%s", then it is %s', (status, state) => {
    expect(readControlPlane(aRound({ regions: { [EAST]: { status } } }), EAST).state).toBe(state);
  });

  it.each(ATTEMPTS)('Given %s, then Unknown is told apart from Failing', (_, rds, state) => {
    expect(readControlPlane(aRound({ regions: { [EAST]: { rds } } }), EAST).state).toBe(state);
  });

  it.each(SURVIVOR_SILENT)('Given nobody answers, the survivor with %j, then it is Unknown: self-isolated', (rds) => {
    const round = aRound({ regions: { [EAST]: { rds: noAnswer() }, [WEST]: { rds } } });

    expect(readControlPlane(round, EAST)).toMatchObject({ state: 'Unknown', reason: 'SelfIsolated' });
  });

  it.each([ANSWERED, rejected()])(
    'Given only the clusters call is silent, the other %j, then it is Unknown',
    (other) => {
      const round = aRound({ regions: { [EAST]: { clusters: noAnswer(), globalClusters: other } } });

      expect(readControlPlane(round, EAST)).toMatchObject({ state: 'Unknown', reason: 'PartialAnswer' });
    },
  );

  it('Given RDS answers without the cluster, then it is Unknown', () => {
    const round = aRound({ regions: { [EAST]: { isWithoutCluster: true } } });

    expect(readControlPlane(round, EAST)).toMatchObject({ state: 'Unknown', reason: 'ClusterNotFound' });
  });

  it('Given the region was not observed, then it is Unknown', () => {
    expect(readControlPlane(aRound({ members: [WEST], writer: WEST }), EAST).state).toBe('Unknown');
  });

  it('Given Passing, then its evidence is as old as the round', () => {
    expect(readControlPlane(aRound({ at: 5000 }), EAST).evidenceAt).toBe(T0 + 5000);
  });
});

describe('endpoint', () => {
  it('Given the endpoint accepts, then it is Passing', () => {
    expect(readEndpoint(aRound(), EAST).state).toBe('Passing');
  });

  it.each(ATTEMPTS)('Given %s, then Unknown is told apart from Failing', (_, endpoint, state) => {
    expect(readEndpoint(aRound({ endpoint }), EAST).state).toBe(state);
  });

  it.each(SURVIVOR_SILENT)('Given no surviving region answers (%j), then silence is Unknown', (rds) => {
    const round = aRound({ endpoint: noAnswer(), regions: { [WEST]: { rds } } });

    expect(readEndpoint(round, EAST)).toMatchObject({ state: 'Unknown', reason: 'SelfIsolated' });
  });

  it('Given only the primary region itself answers, then silence is Unknown: it is no survivor', () => {
    const round = aRound({ endpoint: noAnswer(), regions: { [WEST]: { rds: noAnswer() } } });

    expect(readEndpoint(round, EAST).state).toBe('Unknown');
  });

  it.each([
    [undefined, 'Accepts', 'accepts'],
    ['MySQL' as const, 'Serves', 'took the login and answered'],
  ])('Given a probe by %s that is answered, then it says what that proves', (endpointType, reason, says) => {
    const reading = readEndpoint(aRound(endpointType === undefined ? {} : { endpointType }), EAST);

    expect(reading).toMatchObject({ state: 'Passing', reason, message: expect.stringContaining(says) });
  });

  it('Given a server that accepts and says nothing, then it is Failing, and told from one that is gone', () => {
    const reasonOf = (endpoint: Attempt): string => readEndpoint(aRound({ endpoint }), EAST).reason;

    expect(reasonOf({ kind: 'noAnswer', cause: 'timeout', message: 'nothing', isAccepted: true })).toBe('Frozen');
    expect(reasonOf({ kind: 'noAnswer', cause: 'timeout', message: 'nothing', isAccepted: false })).toBe('NoAnswer');
    expect(reasonOf(noAnswer('timeout'))).toBe('NoAnswer');
  });

  it('Given a frozen server and no surviving region that answers, then it is Unknown: self-isolated', () => {
    const endpoint: Attempt = { kind: 'noAnswer', cause: 'timeout', message: 'nothing', isAccepted: true };
    const round = aRound({ endpoint, regions: { [WEST]: { rds: noAnswer() } } });

    expect(readEndpoint(round, EAST)).toMatchObject({ state: 'Unknown', reason: 'SelfIsolated' });
  });

  it('Given a read-only server, then it is Unknown, and told from a login that is refused', () => {
    expect(readEndpoint(aRound({ endpoint: rejected('readOnly') }), EAST)).toMatchObject({
      state: 'Unknown',
      reason: 'ReadOnly',
      message: expect.stringContaining('takes no writes'),
    });
    expect(readEndpoint(aRound({ endpoint: rejected('denied') }), EAST).reason).toBe('Rejected');
  });

  it('Given it was not probed, then it is Unknown', () => {
    expect(readEndpoint(aRound({ endpoint: 'none' }), EAST)).toMatchObject({ state: 'Unknown', reason: 'NotObserved' });
  });
});

describe('http', () => {
  it.each([
    [200, 'Passing'],
    [204, 'Passing'],
    [299, 'Passing'],
    [503, 'Failing'],
    ...[100, 199, 300, 301, 401, 403, 404, 429, 500, 502, 504].map((code): [number, string] => [code, 'Unknown']),
  ])('Given the witness answers %i, then it is %s', (code, state) => {
    expect(readWitness(aRound({ witness: code })).state).toBe(state);
  });

  it.each(ATTEMPTS)('Given %s, then a witness that cannot be reached is Unknown, never Failing', (_, witness) => {
    expect(readWitness(aRound({ witness }))).toMatchObject({ state: 'Unknown', reason: 'Unreachable' });
  });

  it('Given it was not asked, then it is Unknown', () => {
    expect(readWitness(aRound()).state).toBe('Unknown');
  });
});

describe('who lives', () => {
  it.each([
    ['both calls answered', { rds: ANSWERED }, true],
    ['one call answered', { rds: noAnswer(), globalClusters: ANSWERED }, true],
    ['throttled', { rds: rejected() }, false],
    ['silent', { rds: noAnswer() }, false],
    ['local trouble', { rds: local() }, false],
  ])('Given the only survivor: %s, then a survivor has answered: %s %s', (_, survivor, isHeard) => {
    expect(hasSurvivorAnswered(aRound({ regions: { [WEST]: survivor } }), EAST)).toBe(isHeard);
  });

  it('Given one of two survivors answers, then that is enough', () => {
    const round = aRound({ members: [EAST, WEST, CENTRAL], regions: { [WEST]: { rds: noAnswer() } } });

    expect(hasSurvivorAnswered(round, EAST)).toBe(true);
  });

  it.each([
    ['answered', { rds: ANSWERED }, true],
    ['throttled', { rds: rejected() }, true],
    ['denied in one call', { clusters: rejected('denied'), globalClusters: noAnswer() }, true],
    ['silent', { rds: noAnswer() }, false],
    ['server errors', { rds: noAnswer('serverError') }, false],
    ['local trouble', { rds: local() }, false],
  ])('Given a primary region that is %s, then it shows life: %s %s', (_, region, isAlive) => {
    expect(isRegionAlive(aRound({ regions: { [EAST]: region } }).regions[EAST])).toBe(isAlive);
  });
});

describe('what an observer is told', () => {
  it.each<[Attempt, string]>([
    [noAnswer('refused'), 'refused the connection: refused'],
    [noAnswer('reset'), 'reset the connection: reset'],
    [noAnswer('tls'), 'failed the TLS handshake: tls'],
    [noAnswer('timeout'), 'stayed silent until the timeout: timeout'],
    [noAnswer('serverError'), 'answered with a server error: serverError'],
  ])('Given %j, then the endpoint is Failing in plain words', (endpoint, words) => {
    expect(readEndpoint(aRound({ endpoint }), EAST)).toMatchObject({
      reason: 'NoAnswer',
      message: `writer endpoint orders.us-east-1.example:3306 in us-east-1 ${words}`,
    });
  });

  it.each<[Attempt, string]>([
    [rejected(), 'Rejected'],
    [local(), 'LocalTrouble'],
  ])('Given %j, then RDS and the endpoint are Unknown for that reason', (attempt, reason) => {
    expect(readControlPlane(aRound({ regions: { [EAST]: { rds: attempt } } }), EAST).reason).toBe(reason);
    expect(readEndpoint(aRound({ endpoint: attempt }), EAST).reason).toBe(reason);
  });

  it.each<[string, WitnessObservation, string]>([
    ['no answer', { attempt: noAnswer() }, 'the witness did not answer: timeout'],
    [
      'no answer, with a status left over',
      { attempt: noAnswer(), statusCode: 200 },
      'the witness did not answer: timeout',
    ],
    ['an answer without a status', { attempt: ANSWERED }, 'the witness did not answer'],
  ])('Given a witness with %s, then it is Unreachable', (_, witness, message) => {
    expect(readWitness({ ...aRound(), witness })).toMatchObject({ state: 'Unknown', reason: 'Unreachable', message });
  });

  it.each([
    ['both calls answered', { rds: ANSWERED }, true],
    ['only the clusters answered', { rds: noAnswer(), clusters: ANSWERED }, true],
    ['only the global clusters answered', { rds: noAnswer(), globalClusters: ANSWERED }, true],
    ['neither', { rds: noAnswer() }, false],
  ])('Given %s, then the region has answered: %s %s', (_, region, isAnswered) => {
    expect(hasAnswered(aRound({ regions: { [WEST]: region } }).regions[WEST])).toBe(isAnswered);
  });

  it('Given a region that was not observed, then it has not answered', () => {
    expect(hasAnswered(undefined)).toBe(false);
  });
});
