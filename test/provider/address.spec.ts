import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { JournalEntry } from "../../provider/plan";
import { address } from "../../provider/resources/address";

const MARK = "kvmnet:0123456789abcdef:shop/dev/Address/a";

describe("an address that somebody else has taken away", () => {
    const known = { link: "eth0", address: "192.0.2.7/24", prefixRoute: true, dad: true };
    const leftBehind = async (mark: string) => {
        const entry: JournalEntry = { mark, former: {} };
        const get = (key: string) => Promise.resolve(key === "address eth0/192.0.2.7/24" ? entry : undefined);
        return address.leftBehind?.({ journal: { get } } as unknown as Host, { mark: MARK, known });
    };

    it("leaves nothing noted, so that it is anybody's who gives it anew", async () =>
        assert.deepEqual(
            (await leftBehind(MARK))?.map(({ action }) => action),
            [{ via: "journal", key: "address eth0/192.0.2.7/24", entry: null }],
        ));

    it("leaves what another resource has noted since", async () => assert.deepEqual(await leftBehind(`${MARK}2`), []));
});
