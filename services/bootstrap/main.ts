import { runCommand } from './run-command.ts';

await runCommand(process.argv[2], process.env);
