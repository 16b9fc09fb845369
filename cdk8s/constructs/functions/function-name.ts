import type { FUNCTION_PERMISSIONS } from '../../../lambda/permissions.ts';

/** A function, by the name of its folder in lambda/. */
export type FunctionName = keyof typeof FUNCTION_PERMISSIONS;
