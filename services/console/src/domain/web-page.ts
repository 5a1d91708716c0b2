export type Coding = 'br' | 'gzip' | 'identity';

export interface WebFile {
  readonly type: string;
  /** Its name has its content's hash: it never changes */
  readonly isImmutable: boolean;
  readonly as: Readonly<Partial<Record<Coding, Buffer>>> & { readonly identity: Buffer };
}

/** The page as it was built. */
export abstract class WebPage {
  /** @param path as in the URL, such as `/assets/index-4f2a.js` */
  abstract find(path: string): WebFile | undefined;
  /** The one document, with the nonce that its styles are allowed by. */
  abstract index(nonce: string): string;
}

/** The smallest that the browser takes, of those that there are. */
export function codingFor(file: WebFile, acceptEncoding: string | undefined): Coding {
  const accepted = new Set(
    (acceptEncoding ?? '')
      .split(',')
      .map((part) => part.trim().toLowerCase())
      .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
      .map((part) => part.split(';', 1)[0]!.trim()),
  );
  return (['br', 'gzip'] as const).find((coding) => accepted.has(coding) && file.as[coding]) ?? 'identity';
}
