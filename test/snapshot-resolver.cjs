// Keeps snapshots beside the TypeScript source of their test, although the compiled test is what runs.
const path = require('node:path');

const compiled = path.join('dist', 'test') + path.sep;

module.exports = {
  resolveSnapshotPath: (testPath, extension) => testPath.replace(compiled, 'test' + path.sep) + extension,
  resolveTestPath: (snapshotPath, extension) =>
    snapshotPath
      .slice(0, -extension.length)
      .replace(/([\\/])test\1/, (_, separator) => `${separator}dist${separator}test${separator}`),
  testPathForConsistencyCheck: path.join(process.cwd(), 'dist', 'test', 'example.test.js'),
};
