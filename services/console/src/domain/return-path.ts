/** Where a person goes after signing in: a path of this console, never another site's address. */
export function returnPathOf(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > 2_000) return '/';
  // browsers read `//host`, `/\host` and a path with a tab or a line break in it as another site's address
  return /^\/(?![/\\])[\x20-\x5b\x5d-\x7e]*$/.test(wanted) && !wanted.startsWith('/sign-in') ? wanted : '/';
}
