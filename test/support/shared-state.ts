import ts from 'typescript';

const HOOKS = new Set(['beforeAll', 'beforeEach', 'afterEach', 'afterAll', 'onTestFinished']);

/**
 * What a module of tests does to the files that are run after it by the same worker, which loads each module once for all of
 * them: a line each, `line: what`. A hook that a helper module registers when it is loaded is one of the first file that
 * imports it and of no other. A variable of the environment that is set by hand stays set.
 */
export function sharedState(path: string, source: string): readonly string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const isHelper = !path.endsWith('.test.ts');
  const found: string[] = [];
  const note = (node: ts.Node, what: string) => {
    found.push(`${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  };
  const visit = (node: ts.Node, isLoading: boolean): void => {
    if (ts.isImportDeclaration(node)) return;
    if (isHelper && isLoading && ts.isIdentifier(node) && HOOKS.has(node.text)) note(node, node.text);
    if (isSetting(node)) note(node, node.getText());
    const goesOn = isLoading && !ts.isFunctionLike(node);
    node.forEachChild((child) => visit(child, goesOn));
  };
  visit(file, true);
  return found;
}

/** Sets or deletes a variable of the environment: `vi.stubEnv` does so and is taken back (`test/setup.ts`). */
function isSetting(node: ts.Node): boolean {
  if (ts.isDeleteExpression(node)) return isVariable(node.expression);
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken && isVariable(node.left);
}

function isVariable(node: ts.Node): boolean {
  const isMember = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  return isMember && node.expression.getText() === 'process.env';
}
