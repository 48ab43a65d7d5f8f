/** Apart from shapes.ts, since the list of public suffixes comes with it. */
import * as z from 'zod/mini';
import { isScope } from './domains';
import type { Scope } from './scope';

export const scope = z.custom<Scope>((raw) => typeof raw === 'string' && isScope(raw), 'no scope');
