import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What IAM calls the services, by the SDK's package for each. */
const SERVICES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-rds': 'rds',
  '@aws-sdk/client-cloudwatch': 'cloudwatch',
  '@aws-sdk/client-sns': 'sns',
  '@aws-sdk/client-sts': 'sts',
};

/** The actions that a source text calls, as IAM names them: one for each command of the SDK that it imports. */
export function actionsIn(fileName: string, text: string): string[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isImportDeclaration).flatMap((statement) => {
    const module = ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
    if (!module.startsWith('@aws-sdk/client-') || statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) {
      return [];
    }
    const service = SERVICES[module];
    const names = statement.importClause?.namedBindings;
    if (service === undefined || names === undefined || !ts.isNamedImports(names)) {
      throw new Error(
        `cannot tell what ${fileName} calls: it imports ${module}; import commands by name, and name the service in ` +
          import.meta.filename,
      );
    }
    return names.elements
      .filter((element) => !element.isTypeOnly)
      .map((element) => (element.propertyName ?? element.name).text)
      .filter((name) => name.endsWith('Command'))
      .map((name) => `${service}:${name.slice(0, -'Command'.length)}`);
  });
}

/** The actions that the program in a folder calls, in the order of the alphabet; tests do not count. */
export function calledActions(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  return [...new Set(files.flatMap((file) => actionsIn(file, readFileSync(file, 'utf8'))))].toSorted();
}
