#!/usr/bin/env node
import '../dist/main-execgocli.js';
