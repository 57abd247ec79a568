using System.Security.Cryptography;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Identifies a model by the content of its files.</summary>
public static class ModelFingerprint
{
    /// <summary>SHA-256 over the names and SHA-256 sums of <c>config.json</c> and of all safetensors files of the folder, in ordinal order of their names.</summary>
    /// <exception cref="InputException">A file cannot be read.</exception>
    public static string Sha256(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            IEnumerable<string> files = Directory.GetFiles(folder, "*.safetensors").Append(Path.Combine(folder, "config.json"));
            foreach (string file in files.OrderBy(Path.GetFileName, StringComparer.Ordinal))
            {
                using FileStream stream = File.OpenRead(file);
                hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(file)));
                hash.AppendData(SHA256.HashData(stream));
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(folder, "cannot be read: " + exception.Message, "check the folder and its permissions", exception);
        }
    }
}
