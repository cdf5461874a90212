import { chatHouse } from '../chat-house.ts';
import { notificationHouse } from '../notification-house.ts';
import { type House, runSeeds } from '../run-seeds.ts';

// node find-failure.ts HOUSE FIRST COUNT: prints the first failure as JSON, `null` when there is none.
const [, , name, first, count] = process.argv;
const houses = [notificationHouse, chatHouse] as readonly unknown[] as readonly House<unknown>[];
const house = houses.find((each) => each.name === name);
if (!house) throw new Error(`no such house: ${name}`);
const { failures } = await runSeeds(house, { first: Number(first), count: Number(count) });
const [failed] = failures;
console.log(JSON.stringify(failed ? { seed: failed.seed, failure: failed.outcome.failure } : null));
