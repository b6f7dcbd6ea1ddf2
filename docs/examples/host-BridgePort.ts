import { host } from "kvmnet";

const office = new host.Bridge("office", { name: "br-office" });
const desk = new host.Tap("desk", { name: "tap-desk" });

new host.BridgePort("deskPort", { name: desk.name, bridge: office.name });
