import { styleText } from 'node:util';
import { PLAIN, type Paint } from '../views/paint.ts';

interface Stream {
  readonly isTTY?: boolean | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether to colour what is written there: only on a terminal that can, and not with NO_COLOR (https://no-color.org). */
export function isColoured(stream: Stream, environment: Environment): boolean {
  const isForbidden = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return stream.isTTY === true && !isForbidden;
}

type Format = Parameters<typeof styleText>[0];

const COLOURED: Paint = {
  bold: styled('bold'),
  dim: styled('dim'),
  good: styled('green'),
  bad: styled(['bold', 'red']),
  warning: styled('yellow'),
};

function styled(format: Format): (text: string) => string {
  // Whether to colour at all was decided by the caller, for its own stream.
  return (text) => styleText(format, text, { validateStream: false });
}

export function paintFor(stream: Stream, environment: Environment): Paint {
  return isColoured(stream, environment) ? COLOURED : PLAIN;
}
