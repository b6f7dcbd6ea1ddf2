import { host } from "kvmnet";

// On destroy the guest is asked to power off, and waited for, before its domain goes.
new host.GuestShutdown("webShutdown", { domain: "3f0a2b1c-5d6e-4f70-8a9b-0c1d2e3f4a5b", timeout: 120 });
