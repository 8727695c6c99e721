/**
 * The errors that a caller can mend: wrong input, or surroundings that refuse. The class decides, never the text: the
 * message is one sentence for the person who has to act, and may be reworded freely. Every other error is a fault of Fewbit;
 * a broken invariant is a plain Error whose message begins with `internal:`.
 *
 * Arguments keep JavaScript's own classes as their base (RangeError for a wrong value, TypeError for a wrong kind), so there
 * are three roots, and isFewbitError is the one question to ask.
 */

/** Base of the errors about anything but one argument: shapes, data, files, configurations, modes of a backend. */
export class FewbitError extends Error {
  override readonly name: string = 'FewbitError';
}

/** An argument of the right kind whose value breaks a rule. It is a RangeError and keeps that name. */
export class InputError extends RangeError {}

/** An argument of the wrong kind, or a call at the wrong moment. It is a TypeError and keeps that name. */
export class InputTypeError extends TypeError {}

/** True for an error that the caller can mend; false for a fault of Fewbit, and for what the engine itself throws. */
export function isFewbitError(error: unknown): error is FewbitError | InputError | InputTypeError {
  return error instanceof FewbitError || error instanceof InputError || error instanceof InputTypeError;
}
