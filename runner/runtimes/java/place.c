/* What Java cannot do and a late binding needs: another working directory, and variables that native code and
 * children see. */
#include <jni.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

JNIEXPORT jboolean JNICALL Java_functory_Place_chdir(JNIEnv *env, jclass self, jstring path) {
    (void)self;
    const char *text = (*env)->GetStringUTFChars(env, path, NULL);
    if (!text) return JNI_FALSE;
    int failed = chdir(text);
    (*env)->ReleaseStringUTFChars(env, path, text);
    return failed ? JNI_FALSE : JNI_TRUE;
}

/* Both as bytes that end with a zero: Java's own UTF-8 is not the world's. */
JNIEXPORT void JNICALL Java_functory_Place_setenv(JNIEnv *env, jclass self, jbyteArray name, jbyteArray value) {
    (void)self;
    jbyte *name_bytes = (*env)->GetByteArrayElements(env, name, NULL);
    jbyte *value_bytes = (*env)->GetByteArrayElements(env, value, NULL);
    if (name_bytes && value_bytes) {
        setenv((const char *)name_bytes, (const char *)value_bytes, 1);
        tzset();
    }
    if (name_bytes) (*env)->ReleaseByteArrayElements(env, name, name_bytes, JNI_ABORT);
    if (value_bytes) (*env)->ReleaseByteArrayElements(env, value, value_bytes, JNI_ABORT);
}
