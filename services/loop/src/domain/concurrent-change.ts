/**
 * Another transaction wrote what this one was about to write: try again from the start. Carries the SQLSTATE of a
 * serialization failure, since that is what it is.
 */
export class ConcurrentChange extends Error {
  override readonly name = 'ConcurrentChange';
  readonly code = '40001';
}
