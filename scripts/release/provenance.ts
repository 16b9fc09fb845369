/** What went into a release, as an in-toto statement with SLSA's predicate (https://slsa.dev/spec/v1.0/provenance). */
export interface ProvenanceProps {
  readonly version: string;
  readonly commit: string;
  /** The repository's address, as Git knows it. */
  readonly repository: string;
  readonly startedOn: string;
  readonly finishedOn: string;
  /** File names and their SHA-256. */
  readonly artifacts: readonly { readonly name: string; readonly sha256: string }[];
  /** What it was made from, each with its SHA-256. */
  readonly materials: readonly { readonly uri: string; readonly sha256: string }[];
  readonly node: string;
}

export function provenanceOf(props: ProvenanceProps): Readonly<Record<string, unknown>> {
  const { version, commit, repository, artifacts, materials, node, startedOn, finishedOn } = props;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: artifacts.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://aurora-dr.io/build/release/v1',
        externalParameters: { version },
        internalParameters: { node },
        resolvedDependencies: [
          { uri: `git+${repository}`, digest: { gitCommit: commit } },
          ...materials.map(({ uri, sha256 }) => ({ uri, digest: { sha256 } })),
        ],
      },
      runDetails: {
        builder: { id: 'https://aurora-dr.io/build/npm-run-release' },
        metadata: { invocationId: `${version}@${commit}`, startedOn, finishedOn },
      },
    },
  };
}
