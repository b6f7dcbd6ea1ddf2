import assert from "node:assert/strict";
import { isOpen } from "../../schemas/target-text";

describe("a connection method", () => {
    it("is open to others where it leads off this machine without TLS, whatever its host's name begins with", () => {
        for (const open of [
            "ptcp:6640",
            "ptcp:",
            "ptcp:6640:10.0.0.1",
            "tcp:10.0.0.9:6640",
            "tcp:localhost.example.org:6640",
            "tcp:localhost-2",
            "tcp:127.example.org",
            "tcp:127.0.0.1.example.org:6640",
            "ptcp:6640:localhost.example.org",
        ])
            assert.ok(isOpen(open), open);
    });
    it("is not where TLS protects it, or it stays on this machine", () => {
        for (const closed of [
            "ssl:10.0.0.9:6640",
            "pssl:6640",
            "unix:/var/run/openvswitch/br0.sock",
            "tcp:127.0.0.1:6640",
            "tcp:127.8.0.1",
            "tcp:localhost",
            "tcp:[::1]:6640",
            "ptcp:6640:127.0.0.1",
            "ptcp:6640:[::1]",
            "ptcp::localhost",
        ])
            assert.ok(!isOpen(closed), closed);
    });
});
