// What takes the place of echo.mjs when the SDK's tests update a function.
export const handler = async () => ({ changed: true });
