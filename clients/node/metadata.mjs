// odata-csdl reads the metadata of both versions.

import assert from "node:assert/strict";
import csdl from "odata-csdl";
import { World, act } from "./world.mjs";

const world = new World();

/** Names of types in the document, wherever one is used. */
function* used(value) {
  if (Array.isArray(value)) {
    for (const one of value) yield* used(one);
  } else if (value !== null && typeof value === "object") {
    for (const [key, one] of Object.entries(value)) {
      if (["$Type", "$BaseType", "$UnderlyingType"].includes(key) && typeof one === "string") yield one;
      else yield* used(one);
    }
  }
}

for (const version of ["v1.0", "beta"]) {
  await act(`odata-csdl: metadata of ${version}`, async () => {
    const answer = await fetch(`${world.get("BASE_URL")}/${version}/$metadata`);
    assert.equal(answer.status, 200);
    const messages = [];
    const document = csdl.xml2json(await answer.text(), { strict: true, messages });
    assert.deepEqual(messages, []);
    const graph = document["microsoft.graph"];
    assert.equal(graph.externalIdentitiesPolicy.allowExternalIdentitiesToLeave.$Type, "Edm.Boolean");
    const names = [...used(document)];
    assert(names.length > 50, "the types are not found");
    const absent = names.filter((name) => {
      const [, own] = /^microsoft\.graph\.(\w+)$/u.exec(name) ?? [];
      return own !== undefined && graph[own] === undefined;
    });
    assert.deepEqual(absent, [], "types that are used and not described");
  });
}
