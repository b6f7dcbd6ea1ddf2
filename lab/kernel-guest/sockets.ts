/** Where a kernel guest's ports arrive: sockets that have no file, so that nothing can be left of them. */
import { createServer, type Socket } from "node:net";
import { PORTS, type Port } from "./init";
import { portAddress } from "./machine";

export interface PortSockets {
    /** Each port once the machine has connected it. */
    connected: Record<Port, Promise<Socket>>;
    /** Lets go of all, after what has arrived is read. To be called when the machine has ended. */
    close: () => Promise<void>;
}

/** Listens for one machine. @param id names the sockets, see `portAddress` */
export async function portSockets(id: string): Promise<PortSockets> {
    const ended: Promise<unknown>[] = [];
    const ports = Object.keys(PORTS) as Port[];
    const listening = await Promise.all(
        ports.map(async (port) => {
            const server = createServer();
            const connected = new Promise<Socket>((resolve) =>
                server.once("connection", (socket) => {
                    ended.push(new Promise((closed) => socket.on("close", closed)));
                    // A machine that was killed may reset the connection.
                    socket.on("error", () => undefined);
                    resolve(socket);
                }),
            );
            await new Promise<void>((resolve, reject) => {
                server.on("error", reject).listen(`\0${portAddress(id, port)}`, resolve);
            });
            return { server, port, connected };
        }),
    );
    return {
        connected: Object.fromEntries(listening.map(({ port, connected }) => [port, connected])) as Record<
            Port,
            Promise<Socket>
        >,
        close: async () => {
            listening.forEach(({ server }) => server.close());
            await Promise.all(ended);
        },
    };
}
