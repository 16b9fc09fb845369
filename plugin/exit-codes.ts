/** What the plugin ends with: scripts rely on these numbers. */
export const EXIT_CODES = {
  /** Done, or what was asked for is shown. */
  done: 0,
  /** Something could not be done: no answer of the API server, no such object, no right. */
  failed: 1,
  /** The command line is not usable. */
  usage: 2,
  /** The operator refused the request. */
  refused: 3,
  /** The operation, or the drill, ended otherwise than Succeeded. */
  unsuccessful: 4,
  /** No answer in time; the request was taken back. */
  unanswered: 5,
  /** Not confirmed: nothing was asked for. */
  unconfirmed: 6,
  /** A failover would not work now, or nobody can tell: `check`, and `status --exit-code`. */
  notReady: 7,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The same in words, for --help and the reference. */
export const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  done: 'done, or shown',
  failed: 'something could not be done: no answer of the API server, no such object, no right',
  usage: 'the command line is not usable',
  refused: 'the operator refused the request',
  unsuccessful: 'the operation, or the drill, ended otherwise than Succeeded',
  unanswered: 'the operator did not answer in time; the request was taken back',
  unconfirmed: 'not confirmed: nothing was asked for',
  notReady: 'a failover would not work now, or nobody can tell: `check`, and `status --exit-code`',
  interrupted: 'Ctrl-C',
};
