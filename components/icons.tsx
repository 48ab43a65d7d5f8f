/** Every picture of ours but the logo: Lucide's shapes (https://lucide.dev, ISC), of which only those named here ship. */
import {
  Activity,
  ArrowLeft,
  Ban,
  Bell,
  BrushCleaning,
  Bug,
  ChartColumn,
  ChevronRight,
  Circle,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  CirclePause,
  CircleStop,
  Clock,
  CloudSync,
  Database,
  FileDown,
  Globe,
  History,
  Hourglass,
  Info,
  KeyRound,
  Lock,
  Newspaper,
  Radar,
  ScrollText,
  Shield,
  SlidersHorizontal,
  Stethoscope,
  TriangleAlert,
} from 'lucide';
import { h } from 'preact';
import type { CapabilityId } from '../utils/catalogue/catalogue';

type Shapes = readonly (readonly [tag: string, attributes: Readonly<Record<string, string | number | undefined>>])[];

const pictures = {
  // States.
  on: CircleCheck,
  off: Circle,
  refused: CircleMinus,
  never: Ban,
  stopped: CircleStop,
  expired: Clock,
  paused: CirclePause,
  held: Lock,
  unsupported: CircleDashed,
  // What is said.
  warning: TriangleAlert,
  info: Info,
  news: Newspaper,
  // Places and ways.
  permissions: KeyRound,
  activity: Activity,
  data: Database,
  history: History,
  sync: CloudSync,
  policy: ScrollText,
  diagnostics: Stethoscope,
  settings: SlidersHorizontal,
  site: Globe,
  back: ArrowLeft,
  onward: ChevronRight,
} as const satisfies Record<string, Shapes>;

export type IconName = keyof typeof pictures;

const capabilityPictures: Readonly<Record<CapabilityId, Shapes>> = {
  'site-insight': Radar,
  'browsing-time': Hourglass,
  'site-cleaner': BrushCleaning,
  notifications: Bell,
  protection: Shield,
  'download-guard': FileDown,
  'usage-statistics': ChartColumn,
  'crash-reports': Bug,
  'cloud-sync': CloudSync,
};

/** They point along the line of writing, and the other way where that runs from right to left. */
const directed: ReadonlySet<IconName> = new Set(['back', 'onward']);

function Picture({ shapes, flips }: { shapes: Shapes; flips: boolean }) {
  return (
    <svg class={flips ? 'icon icon-directed' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shapes.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}

/** A small picture beside a word that says the same: hidden from screen readers. */
export function Icon({ name }: { name: IconName }) {
  return <Picture shapes={pictures[name]} flips={directed.has(name)} />;
}

/** The picture of a capability, beside its name wherever that stands as a heading. */
export function CapabilityIcon({ id }: { id: CapabilityId }) {
  return <Picture shapes={capabilityPictures[id]} flips={false} />;
}
