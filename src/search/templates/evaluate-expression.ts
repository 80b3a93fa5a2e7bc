/** Owns the evaluation of parsed expressions, within a budget: no template can take forever. */
import type { Expression, Fault, Value } from './expression.js';
import { functions, type Operation, type OperationContext, operators, truth } from './operations.js';

/** Steps that all expressions of one file may take together: some seconds at most. */
export const STEP_LIMIT = 20_000_000;

/** What is left of a file's steps. */
export interface StepBudget {
  left: number;
}

/** The values of an expression's names, what it may still cost, and how its faults are told. */
export interface Scope {
  readonly values: ReadonlyMap<string, Value>;
  readonly budget: StepBudget;
  readonly fault: Fault;
}

/** Evaluates an expression; whatever is wrong is thrown as what the scope's `fault` makes of it. */
export function evaluateExpression(expression: Expression, scope: Scope): Value {
  const column = expression.kind === 'value' ? 1 : expression.column;
  const context: OperationContext = {
    fail: (fact) => scope.fault(column, fact),
    spend(steps) {
      scope.budget.left -= steps;
      if (scope.budget.left < 0) throw scope.fault(column, `the file's templates take more than ${STEP_LIMIT} steps`);
    },
  };
  context.spend(1);
  if (expression.kind === 'value') return expression.value;
  if (expression.kind === 'name') return scope.values.get(expression.name) as Value;
  const { name, operands } = expression;
  const operand = (index: number): Value => evaluateExpression(operands[index], scope);
  const condition = (index: number): boolean => truth(operand(index), context);
  if (name === 'if') return condition(0) ? operand(1) : operand(2);
  if (name === '&&') return condition(0) && condition(1);
  if (name === '||') return condition(0) || condition(1);
  const operation = (operators.get(name) ?? functions.get(name)) as Operation;
  return operation.run(
    operands.map((each) => evaluateExpression(each, scope)),
    context,
  );
}
