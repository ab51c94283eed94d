package functory;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The method that `package.Class::method` names, with what has to be handed to it. */
final class Handler {
    private final Object owner;
    private final Method method;
    private final Type[] types;

    private Handler(Object owner, Method method) {
        this.owner = owner;
        this.method = method;
        this.types = method.getGenericParameterTypes();
    }

    /** Finds the handler and makes its object; raises what the class's own code raises, and the loader's errors. */
    static Handler find(String name, ClassLoader loader) throws Throwable {
        String[] parts = name.split("::", -1);
        if (parts.length > 2 || parts[0].isEmpty()) {
            throw new StartError("Runtime.MalformedHandlerName", "'" + name + "' is not a valid handler name: it is package.Class::method.");
        }
        Class<?> type = load(parts[0], loader);
        Method method = parts.length == 2 ? named(type, parts[1]) : ofInterface(type);
        method.setAccessible(true);
        return new Handler(Modifier.isStatic(method.getModifiers()) ? null : made(type), method);
    }

    private static Class<?> load(String name, ClassLoader loader) throws Throwable {
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException error) {
            throw new StartError("java.lang.ClassNotFoundException", "Class not found: " + name);
        } catch (ExceptionInInitializerError error) {
            throw error.getCause() == null ? error : error.getCause();
        }
    }

    private static Object made(Class<?> type) throws Throwable {
        try {
            var maker = type.getDeclaredConstructor();
            maker.setAccessible(true);
            return maker.newInstance();
        } catch (NoSuchMethodException error) {
            throw new StartError("java.lang.NoSuchMethodException", "Class " + type.getName() + " has no public zero-argument constructor");
        } catch (InvocationTargetException error) {
            throw error.getCause();
        } catch (ExceptionInInitializerError error) {
            throw error.getCause() == null ? error : error.getCause();
        }
    }

    private static Method ofInterface(Class<?> type) throws StartError {
        if (RequestHandler.class.isAssignableFrom(type) || RequestStreamHandler.class.isAssignableFrom(type)) {
            return named(type, "handleRequest");
        }
        throw new StartError("java.lang.ClassCastException", "Class " + type.getName() + " implements neither RequestHandler nor RequestStreamHandler: name a method, as in " + type.getName() + "::handle.");
    }

    /** Of several methods of the name, the one that takes most, and a context last. */
    private static Method named(Class<?> type, String name) throws StartError {
        List<Method> found = Arrays.stream(type.getMethods())
                .filter(each -> each.getName().equals(name) && !each.isBridge() && !each.isSynthetic() && each.getParameterCount() <= 3)
                .filter(each -> !Modifier.isAbstract(each.getModifiers()))
                .toList();
        return found.stream()
                .max(Comparator.comparingInt((Method each) -> each.getParameterCount()).thenComparing(Handler::takesContext))
                .orElseThrow(() -> new StartError("java.lang.NoSuchMethodException", "No public method named " + name + " with appropriate method signature found on class " + type.getName()));
    }

    private static boolean takesContext(Method method) {
        Class<?>[] types = method.getParameterTypes();
        return types.length > 0 && types[types.length - 1] == Context.class;
    }

    /** The answer's JSON to an event's JSON; raises what the function raises. */
    byte[] call(byte[] payload, Context context) throws Throwable {
        boolean streams = Arrays.asList(method.getParameterTypes()).contains(OutputStream.class);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = argument(types[i], payload, context, written);
        }
        Object answer;
        try {
            answer = method.invoke(owner, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
        try {
            return streams ? written.toByteArray() : Json.write(Beans.plain(answer));
        } catch (Beans.Misfit error) {
            throw new StartError("java.lang.RuntimeException", "An error occurred during JSON serialization of response: " + error.getMessage());
        }
    }

    private Object argument(Type type, byte[] payload, Context context, OutputStream written) throws StartError {
        if (type == Context.class) {
            return context;
        }
        if (type == InputStream.class) {
            return new ByteArrayInputStream(payload);
        }
        if (type == OutputStream.class) {
            return written;
        }
        try {
            return Beans.as(payload.length == 0 ? null : Json.parse(payload), type);
        } catch (Beans.Misfit | Json.Malformed error) {
            throw new StartError("java.lang.RuntimeException", "An error occurred during JSON parsing: " + error.getMessage());
        }
    }
}
