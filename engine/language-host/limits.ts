/** As large as the engine's own limit: a whole schema may pass through one message [byte]. */
const MAX_MESSAGE = 400 * 1024 * 1024;

export const MESSAGE_LIMITS = {
    "grpc.max_receive_message_length": MAX_MESSAGE,
    "grpc.max_send_message_length": MAX_MESSAGE,
};
