import type { Bench } from './bench.ts';
import type { Contestant } from './contestant.ts';
import type { Session } from './session.ts';

interface Named {
  /** As `--only` and the report have it. */
  readonly name: string;
  /** What is measured, in one sentence. */
  readonly title: string;
  /** With more policies it is left out. @default - none */
  readonly largest?: number;
}

/** Measures one contestant that has run in for a while; several such scenarios share a session, in the order of the list. */
export interface SessionScenario extends Named {
  readonly kind: 'session';
  readonly run: (session: Session) => Promise<void>;
}

/** Measures one contestant, whose processes it starts and ends itself. */
export interface TurnScenario extends Named {
  readonly kind: 'turn';
  readonly run: (bench: Bench, policies: number, contestant: Contestant) => Promise<void>;
}

/** Has its own way of having contestants take turns, or none to compare. */
export interface WholeScenario extends Named {
  readonly kind: 'whole';
  readonly run: (bench: Bench, policies: number) => Promise<void>;
}

export type Scenario = SessionScenario | TurnScenario | WholeScenario;
