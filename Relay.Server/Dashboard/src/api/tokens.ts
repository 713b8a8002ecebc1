// Tokens live as long as the tab: a closed tab forgets them, and no other tab, cookie or URL ever has them.

const KEY = 'relay.token';
const keyOf = (session: string | null) => (session === null ? KEY : `${KEY}:${session}`);

/** The token for a session: its own, or the tab's admin key. */
export const tokenFor = (session: string | null): string | null =>
  (session === null ? null : sessionStorage.getItem(keyOf(session))) ?? sessionStorage.getItem(KEY);

/** @param session Whose token it is; null for an admin key, which is good for everything. */
export function keepToken(session: string | null, token: string): void {
  sessionStorage.setItem(keyOf(session), token);
}

export function forgetToken(session: string | null): void {
  sessionStorage.removeItem(keyOf(session));
}
