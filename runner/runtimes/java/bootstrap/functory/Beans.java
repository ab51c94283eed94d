package functory;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Objects of a function's own classes made of JSON values, and JSON values made of them: records, setters and
 * getters, public fields. Names are compared without case, and what a class does not know is left out, as Lambda does. */
final class Beans {
    /** A value that does not fit its type. */
    static final class Misfit extends RuntimeException {
        Misfit(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private static final int DEEPEST = 1000;
    private static final Map<Class<?>, Map<String, Target>> TARGETS = new ConcurrentHashMap<>();
    private static final Map<Class<?>, Map<String, Method>> GETTERS = new ConcurrentHashMap<>();

    private Beans() {}

    /** Where a property goes: a setter or a field. */
    private record Target(Method setter, Field field) {
        Type type() {
            return setter != null ? setter.getGenericParameterTypes()[0] : field.getGenericType();
        }

        void put(Object bean, Object value) throws ReflectiveOperationException {
            if (setter != null) {
                setter.invoke(bean, value);
            } else {
                field.set(bean, value);
            }
        }
    }

    static Object as(Object value, Type type) {
        return as(value, type, Map.of());
    }

    /** `known` are the type variables of the class around it. */
    private static Object as(Object value, Type type, Map<TypeVariable<?>, Type> known) {
        if (type instanceof Class<?> plain) {
            return asClass(value, plain, plain, known);
        }
        if (type instanceof ParameterizedType generic) {
            return asClass(value, (Class<?>) generic.getRawType(), generic, known);
        }
        if (type instanceof WildcardType wild) {
            return as(value, wild.getUpperBounds()[0], known);
        }
        if (type instanceof TypeVariable<?> variable) {
            return as(value, known.getOrDefault(variable, variable.getBounds()[0]), known);
        }
        Type inner = ((GenericArrayType) type).getGenericComponentType();
        return array((List<?>) value, inner, known);
    }

    private static Object asClass(Object value, Class<?> raw, Type type, Map<TypeVariable<?>, Type> known) {
        if (value == null) {
            return raw.isPrimitive() ? Array.get(Array.newInstance(raw, 1), 0) : raw == Optional.class ? Optional.empty() : null;
        }
        if (raw == Object.class || raw == value.getClass() && !(value instanceof Map || value instanceof List)) {
            return value;
        }
        try {
            Object simple = simple(value, raw);
            if (simple != null) {
                return simple;
            }
            if (raw == Optional.class) {
                return Optional.of(as(value, argument(type, 0), known));
            }
            if (value instanceof List<?> list) {
                return raw.isArray() ? array(list, raw.getComponentType(), known) : collection(list, raw, argument(type, 0), known);
            }
            if (value instanceof Map<?, ?> map) {
                return Map.class.isAssignableFrom(raw) ? map(map, raw, type, known) : bean(map, raw, type, known);
            }
            return scalar(value, raw);
        } catch (InvocationTargetException error) {
            throw new Misfit("Cannot make " + raw.getName() + ": " + error.getCause(), error.getCause());
        } catch (ReflectiveOperationException | ClassCastException | IllegalArgumentException error) {
            throw new Misfit("Cannot make " + raw.getName() + " of " + kind(value) + ": " + error.getMessage(), error);
        }
    }

    private static String kind(Object value) {
        return value instanceof Map ? "a JSON object" : value instanceof List ? "a JSON array" : "a JSON " + value.getClass().getSimpleName();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Object simple(Object value, Class<?> raw) {
        boolean scalar = !(value instanceof Map || value instanceof List);
        if (raw == String.class || raw == CharSequence.class) {
            if (scalar) {
                return value.toString();
            }
            throw new ClassCastException("text is wanted");
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return value instanceof Boolean ? value : Boolean.valueOf(text(value));
        }
        if (raw == char.class || raw == Character.class) {
            return text(value).charAt(0);
        }
        if (raw.isEnum()) {
            return Enum.valueOf((Class) raw, text(value));
        }
        if (scalar && (raw.isPrimitive() || Number.class.isAssignableFrom(raw))) {
            return number(value, raw);
        }
        if (value instanceof String string && raw == byte[].class) {
            return Base64.getDecoder().decode(string);
        }
        if (value instanceof String string && raw == ByteBuffer.class) {
            return ByteBuffer.wrap(Base64.getDecoder().decode(string));
        }
        if (value instanceof Number number && raw == Date.class) {
            return new Date(number.longValue());
        }
        return null;
    }

    private static String text(Object value) {
        if (value instanceof String string) {
            return string;
        }
        throw new ClassCastException("text is wanted");
    }

    private static Object number(Object value, Class<?> raw) {
        BigDecimal exact = new BigDecimal(value.toString().trim());
        if (raw == int.class || raw == Integer.class) {
            return exact.intValue();
        }
        if (raw == long.class || raw == Long.class) {
            return exact.longValue();
        }
        if (raw == double.class || raw == Double.class) {
            return exact.doubleValue();
        }
        if (raw == float.class || raw == Float.class) {
            return exact.floatValue();
        }
        if (raw == short.class || raw == Short.class) {
            return exact.shortValue();
        }
        if (raw == byte.class || raw == Byte.class) {
            return exact.byteValue();
        }
        if (raw == BigInteger.class) {
            return exact.toBigInteger();
        }
        return raw == BigDecimal.class ? exact : value;
    }

    /** Classes that make themselves of text: dates and times, UUID, URI, those with a constructor for it. */
    private static Object scalar(Object value, Class<?> raw) throws ReflectiveOperationException {
        for (String maker : new String[] {"parse", "fromString", "valueOf", "of", "create"}) {
            for (Class<?> kind : new Class<?>[] {String.class, CharSequence.class}) {
                try {
                    Method method = raw.getMethod(maker, kind);
                    if (Modifier.isStatic(method.getModifiers()) && raw.isAssignableFrom(method.getReturnType())) {
                        return method.invoke(null, value.toString());
                    }
                } catch (NoSuchMethodException error) {
                    continue;
                }
            }
        }
        return raw.getConstructor(String.class).newInstance(value.toString());
    }

    private static Object array(List<?> list, Type inner, Map<TypeVariable<?>, Type> known) {
        Class<?> raw = inner instanceof Class<?> plain ? plain : inner instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : Object.class;
        Object made = Array.newInstance(raw, list.size());
        for (int i = 0; i < list.size(); i++) {
            Array.set(made, i, as(list.get(i), inner, known));
        }
        return made;
    }

    private static Object collection(List<?> list, Class<?> raw, Type inner, Map<TypeVariable<?>, Type> known) throws ReflectiveOperationException {
        Collection<Object> made = emptyCollection(raw);
        for (Object each : list) {
            made.add(as(each, inner, known));
        }
        return made;
    }

    @SuppressWarnings("unchecked")
    private static Collection<Object> emptyCollection(Class<?> raw) throws ReflectiveOperationException {
        if (raw.isInterface()) {
            if (SortedSet.class.isAssignableFrom(raw)) {
                return new TreeSet<>();
            }
            return raw.isAssignableFrom(ArrayList.class) ? new ArrayList<>() : new LinkedHashSet<>();
        }
        if (!Collection.class.isAssignableFrom(raw)) {
            throw new ClassCastException("no list is wanted");
        }
        return (Collection<Object>) raw.getConstructor().newInstance();
    }

    @SuppressWarnings("unchecked")
    private static Object map(Map<?, ?> from, Class<?> raw, Type type, Map<TypeVariable<?>, Type> known) throws ReflectiveOperationException {
        Map<Object, Object> made;
        if (!raw.isInterface()) {
            made = (Map<Object, Object>) raw.getConstructor().newInstance();
        } else if (SortedMap.class.isAssignableFrom(raw)) {
            made = new TreeMap<>();
        } else {
            made = ConcurrentMap.class.isAssignableFrom(raw) ? new ConcurrentHashMap<>() : new LinkedHashMap<>();
        }
        Type keys = argument(type, 0);
        Type values = argument(type, 1);
        for (Map.Entry<?, ?> each : from.entrySet()) {
            made.put(as(each.getKey(), keys, known), as(each.getValue(), values, known));
        }
        return made;
    }

    private static Type argument(Type type, int number) {
        return type instanceof ParameterizedType generic ? generic.getActualTypeArguments()[number] : Object.class;
    }

    private static Object bean(Map<?, ?> from, Class<?> raw, Type type, Map<TypeVariable<?>, Type> around) throws ReflectiveOperationException {
        Map<TypeVariable<?>, Type> known = new HashMap<>(around);
        for (int i = 0; i < raw.getTypeParameters().length; i++) {
            known.put(raw.getTypeParameters()[i], argument(type, i));
        }
        if (raw.isRecord()) {
            return record(from, raw, known);
        }
        Constructor<?> maker = raw.getDeclaredConstructor();
        maker.setAccessible(true);
        Object made = maker.newInstance();
        Map<String, Target> targets = TARGETS.computeIfAbsent(raw, Beans::targets);
        for (Map.Entry<?, ?> each : from.entrySet()) {
            Target target = targets.get(each.getKey().toString().toLowerCase(Locale.ROOT));
            if (target != null) {
                target.put(made, as(each.getValue(), target.type(), known));
            }
        }
        return made;
    }

    private static Object record(Map<?, ?> from, Class<?> raw, Map<TypeVariable<?>, Type> known) throws ReflectiveOperationException {
        Map<String, Object> values = new HashMap<>();
        from.forEach((name, value) -> values.put(name.toString().toLowerCase(Locale.ROOT), value));
        RecordComponent[] parts = raw.getRecordComponents();
        Class<?>[] types = new Class<?>[parts.length];
        Object[] given = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            types[i] = parts[i].getType();
            given[i] = as(values.get(parts[i].getName().toLowerCase(Locale.ROOT)), parts[i].getGenericType(), known);
        }
        Constructor<?> maker = raw.getDeclaredConstructor(types);
        maker.setAccessible(true);
        return maker.newInstance(given);
    }

    private static Map<String, Target> targets(Class<?> raw) {
        Map<String, Target> found = new HashMap<>();
        for (Field field : raw.getFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !Modifier.isFinal(field.getModifiers())) {
                field.setAccessible(true);
                found.put(field.getName().toLowerCase(Locale.ROOT), new Target(null, field));
            }
        }
        for (Method method : raw.getMethods()) {
            String name = method.getName();
            if (name.startsWith("set") && name.length() > 3 && method.getParameterCount() == 1 && !method.isBridge() && !Modifier.isStatic(method.getModifiers())) {
                method.setAccessible(true);
                found.put(name.substring(3).toLowerCase(Locale.ROOT), new Target(method, null));
            }
        }
        return found;
    }

    /** Maps, lists and scalars that Json writes, of any object; raises Misfit. */
    static Object plain(Object value) {
        return plain(value, 0);
    }

    private static Object plain(Object value, int depth) {
        if (depth > DEEPEST) {
            throw new Misfit("the answer has more than " + DEEPEST + " levels: it may contain itself", null);
        }
        if (value == null || value instanceof String || value instanceof Boolean || value instanceof Number) {
            return value;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> made = new LinkedHashMap<>();
            map.forEach((key, each) -> made.put(String.valueOf(key), plain(each, depth + 1)));
            return made;
        }
        if (value instanceof Iterable<?> list && !(value instanceof java.nio.file.Path)) {
            List<Object> made = new ArrayList<>();
            list.forEach(each -> made.add(plain(each, depth + 1)));
            return made;
        }
        if (value instanceof byte[] bytes) {
            return Base64.getEncoder().encodeToString(bytes);
        }
        if (value.getClass().isArray()) {
            List<Object> made = new ArrayList<>();
            for (int i = 0; i < Array.getLength(value); i++) {
                made.add(plain(Array.get(value, i), depth + 1));
            }
            return made;
        }
        if (value instanceof Optional<?> maybe) {
            return plain(maybe.orElse(null), depth);
        }
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof Date date) {
            return date.getTime();
        }
        if (value instanceof ByteBuffer buffer) {
            return Base64.getEncoder().encodeToString(buffer.array());
        }
        if (value.getClass().getName().startsWith("java.")) {
            return value.toString(); // dates and times, UUID, URI, Character
        }
        return members(value, depth);
    }

    private static Map<String, Object> members(Object value, int depth) {
        Map<String, Object> made = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, Method> each : GETTERS.computeIfAbsent(value.getClass(), Beans::getters).entrySet()) {
                made.put(each.getKey(), plain(each.getValue().invoke(value), depth + 1));
            }
            for (Field field : value.getClass().getFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !made.containsKey(field.getName())) {
                    field.setAccessible(true);
                    made.put(field.getName(), plain(field.get(value), depth + 1));
                }
            }
        } catch (InvocationTargetException error) {
            throw new Misfit("Cannot read " + value.getClass().getName() + ": " + error.getCause(), error.getCause());
        } catch (IllegalAccessException error) {
            throw new Misfit("Cannot read " + value.getClass().getName() + ": " + error.getMessage(), error);
        }
        return made;
    }

    private static Map<String, Method> getters(Class<?> raw) {
        Map<String, Method> found = new TreeMap<>();
        if (raw.isRecord()) {
            found = new LinkedHashMap<>();
            for (RecordComponent part : raw.getRecordComponents()) {
                part.getAccessor().setAccessible(true);
                found.put(part.getName(), part.getAccessor());
            }
            return found;
        }
        for (Method method : raw.getMethods()) {
            boolean readable = method.getParameterCount() == 0 && !Modifier.isStatic(method.getModifiers())
                    && !method.isBridge() && method.getReturnType() != void.class && method.getDeclaringClass() != Object.class;
            String name = readable ? property(method) : "";
            if (!name.isEmpty()) {
                method.setAccessible(true);
                found.put(name, method);
            }
        }
        return found;
    }

    /** getOrderId, isPaid: as Jackson names them, all leading capitals become small. */
    private static String property(Method method) {
        String name = method.getName();
        boolean truth = method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class;
        String rest = name.startsWith("get") ? name.substring(3) : name.startsWith("is") && truth ? name.substring(2) : "";
        int capitals = 0;
        while (capitals < rest.length() && Character.isUpperCase(rest.charAt(capitals))) {
            capitals++;
        }
        return rest.substring(0, capitals).toLowerCase(Locale.ROOT) + rest.substring(capitals);
    }
}
