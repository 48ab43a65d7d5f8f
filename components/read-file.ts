export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly why: 'too-large' }
  /** It was moved, or is no file: the person is told. */
  | { readonly kind: 'unreadable-file' };

/** Reads a file that anybody may have written. Its size is looked at first: a larger one is not even read. */
export async function readFile(file: File, bytesMax: number): Promise<FileRead> {
  if (file.size > bytesMax) return { kind: 'unreadable', why: 'too-large' };
  try {
    return { kind: 'text', text: await file.text() };
  } catch {
    return { kind: 'unreadable-file' };
  }
}
