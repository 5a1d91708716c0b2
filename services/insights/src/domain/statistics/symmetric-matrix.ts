/** A symmetric, positive definite matrix, row after row. */
export type SymmetricMatrix = Float64Array;

/** What a pivot must keep of its diagonal; below it a column is a sum of others up to rounding. */
const independent = 1e-9;

/** A = L·Lᵀ (A.-L. Cholesky); null where A has no inverse. */
export function cholesky(matrix: SymmetricMatrix, size: number): Float64Array | null {
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = matrix[row * size + column]!;
      for (let k = 0; k < column; k++) rest -= lower[row * size + k]! * lower[column * size + k]!;
      if (row !== column) lower[row * size + column] = rest / lower[column * size + column]!;
      else if (rest > independent * matrix[row * size + row]!) lower[row * size + row] = Math.sqrt(rest);
      else return null;
    }
  }
  return lower;
}

/** x of L·Lᵀ·x = b */
export function solve(lower: Float64Array, size: number, b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let rest = b[row]!;
    for (let k = 0; k < row; k++) rest -= lower[row * size + k]! * x[k]!;
    x[row] = rest / lower[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    let rest = x[row]!;
    for (let k = row + 1; k < size; k++) rest -= lower[k * size + row]! * x[k]!;
    x[row] = rest / lower[row * size + row]!;
  }
  return x;
}

/** A⁻¹ from its factor */
export function invert(lower: Float64Array, size: number): SymmetricMatrix {
  const inverse = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    unit.fill(0);
    unit[column] = 1;
    inverse.set(solve(lower, size, unit), column * size);
  }
  return inverse;
}
