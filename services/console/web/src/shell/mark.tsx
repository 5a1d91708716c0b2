/** The sign of Closeloop, in the colour of the text around it. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--mantine-primary-color-filled)" />
      <path d="M23 16a7 7 0 1 1-2.6-5.4" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path
        d="m13 15.5 3 3 7-8"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
