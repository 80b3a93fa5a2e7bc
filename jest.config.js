import { availableParallelism } from 'node:os';

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
  // Many tests wait for a program or a disk: jest would leave one core idle, and one worker a core leaves both idle often.
  maxWorkers: availableParallelism() + 2,
  // Only a test that hangs should ever meet it: a slow machine takes its time.
  testTimeout: 900_000,
};
