import { goController } from './peers/go-controller.ts';
import { operator } from './peers/operator.ts';
import type { Peer } from './peers/peer.ts';

/** What is measured: a program, and how many processes of it share the fleet. */
export interface Contestant {
  /** As `--contestants` and tables have it. */
  readonly name: string;
  /** What it does of the operator's work. */
  readonly scope: string;
  readonly peer: Peer;
  /** Processes that look after the fleet together. */
  readonly replicas: number;
  /** How many shards they divide it into; 1: one of them leads. */
  readonly shards: number;
  /** It is held to what the operator promises beyond what every contestant has to do. */
  readonly isOperator: boolean;
  /** It runs only when it is named. */
  readonly isOnRequest: boolean;
}

const REPLICAS = 3;
const SHARDS = 16;

const alone = (peer: Peer): Contestant => ({
  name: peer.name,
  scope: peer.scope,
  peer,
  replicas: 1,
  shards: 1,
  isOperator: peer === operator,
  isOnRequest: false,
});

const sharded: Contestant = {
  ...alone(operator),
  name: `operator-x${REPLICAS}`,
  scope: `${REPLICAS} replicas of the operator that share the policies in ${SHARDS} shards`,
  replicas: REPLICAS,
  shards: SHARDS,
  isOnRequest: true,
};

/** Everything that can be measured, in the order of turns. */
export const contestants: readonly Contestant[] = [alone(operator), alone(goController), sharded];

/** What new policies are first looked after by. */
export const firstContestant: Contestant = alone(operator);
