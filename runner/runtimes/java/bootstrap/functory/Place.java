package functory;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TimeZone;

/** The process's surroundings once its function is known: variables, working directory, time zone. */
final class Place {
    private static final Map<Object, Object> KNOWN = environment();
    private static final Method NAME = maker("java.lang.ProcessEnvironment$Variable");
    private static final Method VALUE = maker("java.lang.ProcessEnvironment$Value");

    static {
        System.load("/var/runtime/libplace.so");
    }

    private Place() {}

    static native boolean chdir(String path);

    private static native void setenv(byte[] name, byte[] value);

    /** Variables as System.getenv, children and native code see them: Java reads its own once, at the start. */
    static void set(Map<String, String> variables) throws ReflectiveOperationException {
        for (Map.Entry<String, String> each : variables.entrySet()) {
            set(each.getKey(), each.getValue());
        }
        String zone = variables.getOrDefault("TZ", "");
        if (!zone.isEmpty()) {
            TimeZone.setDefault(TimeZone.getTimeZone(zone.startsWith(":") ? zone.substring(1) : zone));
        }
    }

    static void set(String name, String value) throws ReflectiveOperationException {
        setenv(zeroEnded(name), zeroEnded(value));
        KNOWN.put(NAME.invoke(null, name), VALUE.invoke(null, value));
    }

    static void remove(String name) throws ReflectiveOperationException {
        KNOWN.remove(NAME.invoke(null, name));
    }

    @SuppressWarnings("unchecked")
    private static Map<Object, Object> environment() {
        try {
            Field field = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theEnvironment");
            field.setAccessible(true);
            return (Map<Object, Object>) field.get(null);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    private static Method maker(String type) {
        try {
            Method method = Class.forName(type).getDeclaredMethod("valueOf", String.class);
            method.setAccessible(true);
            return method;
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    private static byte[] zeroEnded(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
