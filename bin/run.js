#!/usr/bin/env node
import { launch } from '../dist/commands/terminal/launch.js';

await launch(import.meta.url);
