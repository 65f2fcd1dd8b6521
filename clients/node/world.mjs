// What every program here shares: the world it is given, the record of what it did, and plain requests to set a stage.

import assert from "node:assert/strict";

/** One running server, as its env file describes it. */
export class World {
  constructor(prefix = "") {
    this.prefix = prefix;
  }

  get(name) {
    const value = process.env[this.prefix + name];
    assert(value !== undefined, `the env file has no ${name}`);
    return value;
  }

  /** Asks until the server refuses to answer more for the moment. */
  async exhaust(token) {
    const url = `${this.get("BASE_URL")}/v1.0/policies/externalIdentitiesPolicy`;
    for (let round = 0; round < 1000; round += 1) {
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
      await answer.text();
      if (answer.status === 429) {
        assert(Number(answer.headers.get("retry-after")) <= 10, answer.headers.get("retry-after"));
        return;
      }
      assert.equal(answer.status, 200);
    }
    assert.fail("a thousand requests were answered: is there a limit?");
  }
}

/** One thing that a client does; what goes wrong is written down, and the next act begins. */
export async function act(name, body) {
  try {
    await body();
    console.log(`ok\t${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED\t${name}\t${error?.name}: ${error?.message}`.replaceAll("\n", " "));
    console.error(error);
  }
}

/** What the call throws. */
export async function refused(body) {
  let answer;
  try {
    answer = await body();
  } catch (error) {
    return error;
  }
  return assert.fail(`nothing was thrown, but this came back: ${JSON.stringify(answer)}`);
}
