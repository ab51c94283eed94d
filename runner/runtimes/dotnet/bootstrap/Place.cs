using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Functory {
    /// <summary>The process's surroundings once its function is known: variables, working directory, and where assemblies
    /// are looked up.</summary>
    public static class Place {
        public const string Built = "/var/dependencies";

        private static string trace;

        public static string Root => Environment.GetEnvironmentVariable("LAMBDA_TASK_ROOT") ?? "/var/task";

        /// <summary>Variables as children and native code see them, too.</summary>
        public static void Set(Dictionary<string, object> variables) {
            foreach (var each in variables) Environment.SetEnvironmentVariable(each.Key, (string)each.Value);
            string zone = Environment.GetEnvironmentVariable("TZ") ?? "";
            if (zone.StartsWith(":")) Environment.SetEnvironmentVariable("TZ", zone.Substring(1)); // Mono knows no colon
            TimeZoneInfo.ClearCachedData();
            try {
                Directory.SetCurrentDirectory(Root);
            } catch (IOException) {
                // the folder is what the function makes of it; a missing one shows when the handler is loaded
            }
        }

        /// <summary>The variable that says which trace a call is part of.</summary>
        public static void Trace(string id) {
            if (id == trace) return;
            trace = id;
            Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", id);
        }

        /// <summary>An abort ends the process as such: Mono's own handler tells of it at length, and now and then ends
        /// with status 0 before it is done.</summary>
        public static void Abort() {
            const int SigAbrt = 6;
            signal(SigAbrt, IntPtr.Zero);
        }

        [DllImport("libc")]
        private static extern IntPtr signal(int number, IntPtr handler);

        /// <summary>Assemblies that a function's own refer to.</summary>
        public static void Resolve() {
            AppDomain.CurrentDomain.AssemblyResolve += (sender, wanted) => {
                string path = Find(new AssemblyName(wanted.Name).Name);
                return path == null ? null : Assembly.LoadFrom(path);
            };
        }

        /// <summary>The file of an assembly, or null: the package, what was built of it, layers.</summary>
        public static string Find(string name) {
            foreach (string folder in new[] {Root, Built, Root + "/lib", Built + "/lib", "/opt/dotnet/lib", "/opt/lib"}) {
                string path = folder + "/" + name + ".dll";
                if (File.Exists(path)) return path;
            }
            return null;
        }
    }
}
