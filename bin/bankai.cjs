#!/usr/bin/env node
// What npm installs. A checkout makes many small files, and a disk with a journal syncs 64 at once as fast as one; Node has four
// threads for that unless it is told before the first of them starts, which is before any ES module is loaded.
process.env.UV_THREADPOOL_SIZE ??= '64';
import('./run.js');
