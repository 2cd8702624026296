#!/usr/bin/env node
import '@waiaas/daemon/waiaas';
