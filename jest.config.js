// Tests are compiled with the rest of the project and run as plain ES modules: what is tested is what ships.
export default {
  testEnvironment: 'node',
  rootDir: '.',
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  snapshotResolver: '<rootDir>/test/snapshot-resolver.cjs',
  setupFilesAfterEnv: ['<rootDir>/dist/test/matchers.js'],
  reporters: ['default', '<rootDir>/test/closing-line-reporter.cjs'],
  // Many tests wait for a program or a disk: more workers than cores; jest would leave one core idle.
  maxWorkers: '150%',
  // Only a test that hangs should ever meet it: a slow machine takes its time.
  testTimeout: 900_000,
};
