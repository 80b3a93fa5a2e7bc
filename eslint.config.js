// Style and, above all, the layer rules of docs/ARCHITECTURE.md: which room may import which, and who owns each package.
import tseslint from 'typescript-eslint';

/** The rooms each room may import from. The single files of src/ (errors, schema, durable) are open to all. */
const rooms = {
  gguf: [],
  patch: [],
  engine: ['gguf', 'patch'],
  search: ['engine', 'patch'],
  checkout: ['gguf', 'patch'],
  repo: ['patch'],
  trust: ['patch'],
  transport: ['repo'],
  registry: ['patch', 'trust', 'transport'],
  render: [],
  workflows: ['gguf', 'patch', 'engine', 'search', 'checkout', 'repo', 'trust', 'transport', 'registry'],
};

/** The one room (or file) that may import each package. */
const owners = {
  'isomorphic-git': ['src/repo/**'],
  tweetnacl: ['src/trust/**'],
  'bcrypt-pbkdf': ['src/trust/**'],
  'tuf-js': ['src/registry/**'],
  'tuf-js/**': ['src/registry/**'],
  '@tufjs/models': ['src/registry/**'],
  semver: ['src/registry/**'],
  ajv: ['bin/**'],
  'ajv/*': ['bin/**'],
  diff: ['src/render/**'],
  canonicalize: ['src/patch/**'],
  '@oclif/core': ['bin/**', 'commands/**'],
  'node:worker_threads': ['src/engine/kernels/**'],
};

const everyRoom = Object.keys(rooms);
const foreignPackages = (file) =>
  Object.entries(owners)
    .filter(([, patterns]) => !patterns.some((pattern) => pattern.startsWith(file)))
    .map(([name]) => ({ group: [name], message: `Only ${owners[name].join(', ')} may import ${name}.` }));

const roomRule = (room, allowed) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...everyRoom
            .filter((other) => other !== room && !allowed.includes(other))
            .map((other) => ({
              regex: `(^|/)\\.\\./(.*/)?${other}/`,
              // Types cost nothing at run time, and what render draws has to have a type.
              allowTypeImports: room === 'render',
              message: `${room} must not import from ${other}: see docs/ARCHITECTURE.md.`,
            })),
          ...foreignPackages(`src/${room}/`),
        ],
      },
    ],
    'no-console': 'error',
    'no-process-exit': 'off',
    'no-restricted-globals': [
      'error',
      { name: 'process', message: 'Settings come in as arguments; progress goes out through callbacks.' },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'assembly/', 'node_modules/', '**/*.cjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  ...Object.entries(rooms).map(([room, allowed]) => roomRule(room, allowed)),
  {
    files: ['commands/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: 'src/(?!workflows/|render/|errors|index)',
              allowTypeImports: true,
              message: 'Commands call workflows and render.',
            },
            ...foreignPackages('commands/'),
          ],
        },
      ],
    },
  },
);
