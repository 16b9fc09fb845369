import type { LastDrillStatus } from '../../operator/api/v1alpha1/disaster-recovery-policy.ts';
import { hanging } from './layout.ts';
import type { ViewStyle } from './status-view.ts';
import { spanText } from './time-text.ts';

/** A drill that ended: what it found, a line for each check. */
export function drillLines(drill: LastDrillStatus, { paint, width }: ViewStyle): string[] {
  const { mode, result, message, checks = [], thereMilliseconds, backMilliseconds, from, to } = drill;
  const nameWidth = Math.max(0, ...checks.map(({ name }) => name.length));
  const mark = result === 'Succeeded' ? paint.good : paint.bad;
  const times = [
    thereMilliseconds === undefined ? '' : `there in ${spanText(thereMilliseconds)}`,
    backMilliseconds === undefined ? '' : `back in ${spanText(backMilliseconds)}`,
  ].filter((time) => time !== '');
  return [
    ...checks.flatMap(({ name, passed, message: found }) =>
      hanging(
        `${passed ? '✓ ok  ' : '✗ NO  '}${name.padEnd(nameWidth)}  `,
        found,
        width,
        passed ? paint.good : paint.bad,
      ),
    ),
    ...hanging(
      `${mode} ${result}: `,
      [`${from ?? '?'} → ${to ?? 'nowhere'}`, ...times, message ?? ''].filter((part) => part !== '').join('; '),
      width,
      mark,
    ),
  ];
}
