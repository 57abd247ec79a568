using System.Reflection;
using System.Text;
using Xunit;

namespace CircuitLasso.Testing;

/// <summary>Writes an assembly's public surface as text and compares it with the reviewed file beside the tests.</summary>
public static class PublicApi
{
    /// <summary>
    /// Fails when the public surface of the assembly differs from <c>tests/ASSEMBLY.Tests/PublicApi.txt</c>.
    /// Run the tests once with the environment variable UPDATE_PUBLIC_API=1 to write the file anew, then review its change.
    /// </summary>
    public static void AssertMatchesReviewedFile(Assembly assembly, string testProject)
    {
        string path = Path.Combine(SharedData.RepositoryRoot, "tests", testProject, "PublicApi.txt");
        string actual = Describe(assembly);
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        string reviewed = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
        Assert.Equal(reviewed, actual);
    }

    private static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.FullName);
            IEnumerable<string> bases = type.GetInterfaces().Where(i => i.IsVisible).Select(i => i.ToString()).Order(StringComparer.Ordinal);
            if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
            {
                bases = bases.Prepend(parent.ToString());
            }

            string list = string.Join(", ", bases);
            text.Append(list.Length > 0 && !type.IsEnum ? " : " + list : string.Empty).Append('\n');
            const BindingFlags flags = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(flags).Where(IsVisible).Select(m => Signature(m)).Distinct().Order(StringComparer.Ordinal);
            foreach (string member in members)
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class" : "class";

    private static bool IsVisible(MemberInfo member) => member switch
    {
        // Compiler-made members of records (names with angle brackets) are not part of what a reader writes.
        _ when member.Name.Contains('<', StringComparison.Ordinal) => false,
        MethodBase method => (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) && !(method.IsSpecialName && method is MethodInfo && !method.Name.StartsWith("op_", StringComparison.Ordinal)),
        FieldInfo field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(a => a.IsPublic || a.IsFamily),
        EventInfo => true,
        _ => false,
    };

    private static string Signature(MemberInfo member) => member switch
    {
        PropertyInfo property => $"{property} {{{(property.GetMethod is { IsPublic: true } ? " get;" : "")}{(property.SetMethod is { IsPublic: true } ? " set;" : "")} }}",
        FieldInfo { IsLiteral: true } constant => $"{constant} = {constant.GetRawConstantValue()}",
        _ => member.ToString() ?? member.Name,
    };
}
