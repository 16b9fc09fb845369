/** What is read of an element. Elements that are not named in a structure are passed over. */
export type Shape =
  'text' | 'integer' | 'boolean' | { readonly item: string; readonly of: Shape } | { readonly fields: Fields };
type Fields = Readonly<Record<string, Shape>>;

const GLOBAL_CLUSTERS: Fields = {
  Marker: 'text',
  GlobalClusters: {
    item: 'GlobalClusterMember',
    of: {
      fields: {
        GlobalClusterIdentifier: 'text',
        Status: 'text',
        EngineVersion: 'text',
        Endpoint: 'text',
        GlobalClusterMembers: {
          item: 'GlobalClusterMember',
          of: {
            fields: {
              DBClusterArn: 'text',
              IsWriter: 'boolean',
              SynchronizationStatus: 'text',
              Readers: { item: 'member', of: 'text' },
            },
          },
        },
        FailoverState: {
          fields: { Status: 'text', FromDbClusterArn: 'text', ToDbClusterArn: 'text', IsDataLossAllowed: 'boolean' },
        },
      },
    },
  },
};

const CLUSTERS: Fields = {
  Marker: 'text',
  DBClusters: {
    item: 'DBCluster',
    of: {
      fields: {
        DBClusterArn: 'text',
        DBClusterIdentifier: 'text',
        Status: 'text',
        EngineVersion: 'text',
        Endpoint: 'text',
        ReaderEndpoint: 'text',
        Port: 'integer',
        // As many as there are; nothing is asked of them.
        DBClusterMembers: { item: 'DBClusterMember', of: { fields: {} } },
      },
    },
  },
};

/** What `views.ts` reads of the answers that are read all the time, by action. */
const answers: ReadonlyMap<string, Fields> = new Map([
  ['DescribeGlobalClusters', GLOBAL_CLUSTERS],
  ['DescribeDBClusters', CLUSTERS],
]);

const BANG = 0x21;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

/** Anything that a plain answer does not have: whoever knows all of XML has to read it. */
class Unfamiliar extends Error {
  override name = 'Unfamiliar';
}

/** Whether answers of the action can be read here. */
export function hasLeanAnswer(action: string): boolean {
  return answers.has(action);
}

/**
 * Reads out of an answer of RDS what the operator looks at, and passes over the rest: a page of a hundred clusters has
 * thousands of elements, and the SDK's way makes objects of them all, while everything else waits.
 *
 * @param text a document as the Query API has it: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/
 * @returns the fields by their names in the SDK; undefined where the document has anything that is not read here
 * (entities, comments, another root …): then the SDK has to read it, and to say what is wrong with it
 */
export function readLeanAnswer(action: string, text: string): Readonly<Record<string, unknown>> | undefined {
  const fields = answers.get(action);
  if (fields === undefined) return undefined;
  try {
    return new Reader(text).document(action, fields);
  } catch (error) {
    if (error instanceof Unfamiliar) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** Of the tag that was read last. */
  #nameStart = 0;
  #nameEnd = 0;
  #isClosing = false;
  #isEmpty = false;

  constructor(text: string) {
    this.#text = text;
  }

  document(action: string, fields: Fields): Readonly<Record<string, unknown>> {
    if (this.#text.startsWith('<?xml ')) this.#at = this.#text.indexOf('?>') + 2;
    this.#expectOpening(`${action}Response`);
    const { [`${action}Result`]: result } = this.#structure({ [`${action}Result`]: { fields } });
    if (result === undefined || this.#text.slice(this.#at).trim() !== '') throw new Unfamiliar();
    return result as Readonly<Record<string, unknown>>;
  }

  /** Moves behind the next tag. */
  #tag(): void {
    const text = this.#text;
    const start = text.indexOf('<', this.#at);
    const end = start === -1 ? -1 : text.indexOf('>', start);
    if (end === -1) throw new Unfamiliar();
    const first = text.charCodeAt(start + 1);
    if (first === BANG || first === QUESTION_MARK) throw new Unfamiliar();
    this.#isClosing = first === SLASH;
    this.#isEmpty = text.charCodeAt(end - 1) === SLASH;
    this.#nameStart = this.#isClosing ? start + 2 : start + 1;
    this.#nameEnd = this.#isEmpty ? end - 1 : end;
    this.#at = end + 1;
  }

  /** Whether the next tag opens an element, and does not close this one. */
  #opens(): boolean {
    this.#tag();
    return !this.#isClosing;
  }

  /** Without attributes: of those only the root's namespace is to be expected. */
  #name(): string {
    const name = this.#text.slice(this.#nameStart, this.#nameEnd);
    const space = name.search(/\s/);
    return space === -1 ? name : name.slice(0, space);
  }

  #expectOpening(name: string): void {
    this.#tag();
    if (this.#isClosing || this.#isEmpty || this.#name() !== name) throw new Unfamiliar();
  }

  /** The rest of an element whose opening tag was read. */
  #value(shape: Shape): unknown {
    if (shape === 'text') return this.#isEmpty ? '' : this.#leaf();
    if (shape === 'integer') return integerOf(this.#isEmpty ? '' : this.#leaf());
    if (shape === 'boolean') return booleanOf(this.#isEmpty ? '' : this.#leaf());
    if ('item' in shape) return this.#isEmpty ? [] : this.#list(shape.item, shape.of);
    return this.#isEmpty ? {} : this.#structure(shape.fields);
  }

  #leaf(): string {
    const end = this.#text.indexOf('<', this.#at);
    const text = this.#text.slice(this.#at, end);
    this.#tag();
    if (!this.#isClosing || text.includes('&')) throw new Unfamiliar();
    return text;
  }

  #list(item: string, of: Shape): unknown[] {
    const items: unknown[] = [];
    while (this.#opens()) {
      if (this.#name() !== item) throw new Unfamiliar();
      items.push(this.#value(of));
    }
    return items;
  }

  #structure(fields: Fields): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    while (this.#opens()) {
      const name = this.#name();
      const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (shape === undefined) this.#skip();
      else if (Object.hasOwn(result, name)) throw new Unfamiliar();
      else result[name] = this.#value(shape);
    }
    return result;
  }

  #skip(): void {
    for (let depth = this.#isEmpty ? 0 : 1; depth > 0;) {
      this.#tag();
      if (this.#isClosing) depth -= 1;
      else if (!this.#isEmpty) depth += 1;
    }
  }
}

function integerOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Unfamiliar();
  return Number(text);
}

function booleanOf(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Unfamiliar();
  return text === 'true';
}
