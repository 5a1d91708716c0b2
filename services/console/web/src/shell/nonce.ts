import { setNonce } from 'get-nonce';

/** What styles that are made in the page are allowed by; the browser hides it from selectors, not from its own element. */
export const nonce = (): string => document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? '';

/** Tells it to what makes styles without being asked by Mantine (react-remove-scroll, under an open dialog). */
export const allowStyles = (): void => setNonce(nonce());
