/**
 * The shape of a privacy policy that ships as data. Each version is a file of its own, named after the version, and is
 * not edited once people have granted anything under it: a change is a new version.
 */

/** Every version is written in this language, whichever one Cloudopt speaks. */
export const POLICY_LANGUAGE = 'en';

/** One numbered clause: the smallest part that a grant can rest on. */
export interface PolicyClause {
  /** The policy's own number: `I.5`, or the section's where it has one clause only: `III`. Same in every version. */
  readonly id: string;
  /** `id` of the section that it stands in. */
  readonly section: string;
  readonly title: string;
  /** What the policy says, addressed to the person. This is what people consent to. */
  readonly text: string;
  /** What this extension does because of it; describes the extension and promises nothing beyond it. */
  readonly here: string;
  /**
   * How the clause differs from the version before; left out where it doesn't. `substance` pauses the grants that rest
   * on it until the person is asked again, `editorial` only tells.
   */
  readonly revision?: {
    readonly kind: 'substance' | 'editorial';
    /** One sentence for the person: what is different now. */
    readonly summary: string;
  };
}

/** A heading with a Roman numeral, over one or more clauses. */
export interface PolicySection {
  readonly id: string;
  readonly title: string;
}

/** A whole policy, sections and clauses in reading order. */
export interface PolicyVersion {
  /** `YYYY-NN`; a newer version sorts after an older one. */
  readonly version: string;
  /** First day in force, `YYYY-MM-DD`. */
  readonly effective: string;
  readonly title: string;
  readonly summary: string;
  readonly sections: readonly PolicySection[];
  readonly clauses: readonly PolicyClause[];
}
