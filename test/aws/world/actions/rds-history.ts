import { invalidParameterCombination, invalidParameterValue } from '../aws-error.ts';
import type { Action, Input } from './action.ts';
import { optionalNumber, optionalString, optionalTime, strings } from './input.ts';
import { page } from './page.ts';

/** How far back RDS remembers events. */
const eventRetention = 14 * 86_400_000;

export const describeEvents: Action = ({ world, caller, region, now, readAt }, input) => {
  const sourceIdentifier = optionalString(input, 'SourceIdentifier');
  const sourceType = optionalString(input, 'SourceType');
  if (sourceIdentifier !== undefined && sourceType === undefined) {
    throw invalidParameterCombination('The parameter SourceType must be provided if SourceIdentifier is.');
  }
  const categories = strings(input, 'EventCategories');
  const { from, to } = timeRange(input, now);
  const found = world.events.filter(
    (event) =>
      event.accountId === caller.accountId &&
      event.region === region &&
      event.at >= from &&
      event.at <= Math.min(to, readAt) &&
      (sourceIdentifier === undefined || event.sourceIdentifier === sourceIdentifier.toLowerCase()) &&
      (sourceType === undefined || event.sourceType === sourceType) &&
      (categories.length === 0 || event.categories.some((category) => categories.includes(category))),
  );
  const { items, marker } = page(input, found);
  return {
    Marker: marker,
    Events: items.map((event) => ({
      SourceIdentifier: event.sourceIdentifier,
      SourceType: event.sourceType,
      Message: event.message,
      EventCategories: event.categories,
      Date: new Date(event.at),
      SourceArn: event.sourceArn,
    })),
  };
};

/** StartTime and EndTime, or the last `Duration` minutes: the last hour unless told otherwise. */
function timeRange(input: Input, now: number): { from: number; to: number } {
  const start = optionalTime(input, 'StartTime');
  const end = optionalTime(input, 'EndTime');
  const minutes = optionalNumber(input, 'Duration');
  if (minutes !== undefined && (start !== undefined || end !== undefined)) {
    throw invalidParameterCombination('Duration cannot be combined with StartTime or EndTime.');
  }
  if (start !== undefined && start < now - eventRetention) {
    throw invalidParameterValue('StartTime must be within the past 14 days.');
  }
  const to = end ?? now;
  return { from: start ?? to - (minutes ?? 60) * 60_000, to };
}
