# frozen_string_literal: true

# Functory's bootstrap for Ruby: starts before there is code, is bound to a function once, then runs its events.
# Speaks frames over a unix socket (see runner/sandbox/frames.py); what the function writes goes to the standard
# output and never near the socket. Behaves as AWS's runtime client does. Standard library only.

require "json"
require "socket"

module Functory
  SOCKET = "/run/functory/s.sock"
  DEPENDENCIES = "/var/dependencies"
  LARGEST_ANSWER = (6 * 1024 * 1024) + 100 # AWS's own number for a synchronous answer
  LONGEST_MESSAGE = 256 * 1024 # of an error: more than that nobody reads

  # The connection to the gateway: whole frames in, whole frames out.
  class Link
    def initialize(path)
      @socket = UNIXSocket.new(path)
    end

    # The next frame's type and body; ends the process when the gateway has gone.
    def receive
      size = read(4).unpack1("N")
      kind = read(1)
      [kind, size > 1 ? read(size - 1) : String.new]
    end

    def send(kind, body)
      @socket.write([body.bytesize + 1, kind].pack("Na"), body)
    end

    private

    def read(size)
      data = @socket.read(size)
      Process.exit!(0) if data.nil? || data.bytesize < size
      data
    end
  end

  # https://docs.aws.amazon.com/lambda/latest/dg/ruby-context.html
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
                :memory_limit_in_mb, :function_version, :client_context, :identity, :deadline_ms

    def initialize(header)
      @aws_request_id = header["id"]
      @invoked_function_arn = header["arn"]
      @deadline_ms = header["deadline_ms"]
      @function_name = ENV.fetch("AWS_LAMBDA_FUNCTION_NAME", nil)
      @function_version = ENV.fetch("AWS_LAMBDA_FUNCTION_VERSION", nil)
      @memory_limit_in_mb = ENV.fetch("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", nil)
      @log_group_name = ENV.fetch("AWS_LAMBDA_LOG_GROUP_NAME", nil)
      @log_stream_name = ENV.fetch("AWS_LAMBDA_LOG_STREAM_NAME", nil)
      @client_context = parsed(header["client"])
      @identity = parsed(header["identity"])
    end

    def get_remaining_time_in_millis
      [deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
    end

    def log(message)
      $stdout.write(message)
    end

    private

    def parsed(text)
      JSON.parse(text) unless text.nil? || text.empty?
    end
  end

  # An error as AWS tells it: type, message and the lines of the function's own code.
  module Told
    def self.document(error, group)
      {
        errorMessage: text(error).byteslice(0, LONGEST_MESSAGE).scrub(""),
        errorType: "#{group}<#{error.class}>",
        stackTrace: (error.backtrace || []).reject { |line| line.start_with?("/var/runtime/", "/usr/lib/ruby/", "<internal:") }.first(200)
      }
    end

    def self.text(error)
      error.message.to_s.encode("UTF-8", invalid: :replace, undef: :replace)
    rescue StandardError
      "<#{error.class} without a message>"
    end

    # The log entry of an error.
    def self.report(document)
      puts "Error raised from handler method", JSON.generate(document)
    rescue StandardError
      nil # its output is closed: the answer tells all the same
    end
  end

  # Finds what `file.method` or `folder/file.Module::Class.method` names.
  class Handler
    def initialize(name)
      @file, *rest = name.split(".")
      raise ArgumentError, "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method." unless (1..2).cover?(rest.size)

      @method, @owner = rest.reverse
    end

    def load
      root = ENV.fetch("LAMBDA_TASK_ROOT", "/var/task")
      require File.join(root, @file)
      receiver = @owner ? Object.const_get(@owner) : TOPLEVEL_BINDING.receiver
      raise NoMethodError, "undefined method '#{@method}' for #{@owner || "#{@file}.rb"}" unless receiver.respond_to?(@method, true)

      receiver.method(@method)
    end
  end

  # The handler that this process was bound to.
  class Function
    # What goes through as it is: it ends the process.
    ENDS = [SystemExit, SignalException].freeze

    def initialize(link)
      @link = link
      @output = $stdout.dup
      @output.sync = true
    end

    def bind(body)
      binding = JSON.parse(body)
      @marker = "\0#{binding["marker"]}"
      ENV.update(binding["environment"])
      ENV["_HANDLER"] = binding["handler"]
      Functory.lay_paths
      @handler = Handler.new(binding["handler"]).load
      @link.send("B", "{}")
      true
    rescue *ENDS
      raise
    rescue Exception => e # rubocop:disable Lint/RescueException - LoadError and SyntaxError are no StandardError
      document = Told.document(e, "Init")
      Told.report(document)
      $stdout.flush
      @link.send("X", JSON.generate(document))
      false
    end

    def run(body)
      size = body.unpack1("n")
      header = JSON.parse(body.byteslice(2, size))
      Functory.request_id = header["id"]
      ENV["_X_AMZN_TRACE_ID"] = header["trace"].to_s.empty? ? nil : header["trace"]
      kind, answer = answer(header, body.byteslice(2 + size, body.bytesize).force_encoding("UTF-8"))
      $stdout.flush
      $stderr.flush
      @output.syswrite("#{@marker}#{header["id"]}\0")
      @link.send(kind, answer)
    end

    private

    def answer(header, payload)
      event = payload.empty? ? {} : JSON.parse(payload)
      result = JSON.generate(@handler.call(event: event, context: Context.new(header)))
      return ["S", result] if result.bytesize <= LARGEST_ANSWER

      told({ errorMessage: "Response payload size exceeded maximum allowed payload size (#{LARGEST_ANSWER} bytes).",
             errorType: "Function.ResponseSizeTooLarge", stackTrace: [] })
    rescue *ENDS
      raise
    rescue Exception => e # rubocop:disable Lint/RescueException - as AWS: whatever the function raises is its error
      told(Told.document(e, "Function"))
    end

    def told(document)
      Told.report(document)
      ["E", JSON.generate(document)]
    end
  end

  # Gives each line of a Logger the id of the request that runs, as Lambda does.
  module RequestLines
    def call(severity, time, program, message)
      stamp = time.strftime("%Y-%m-%dT%H:%M:%S.%6N")
      format("%s, [%s #%d] %5s %s -- %s: %s\n", severity[0], stamp, Process.pid, severity, Functory.request_id,
             program, msg2str(message))
    end
  end

  class << self
    attr_accessor :request_id

    # Where a function's code and gems are looked up, now that it is known.
    def lay_paths
      root = ENV.fetch("LAMBDA_TASK_ROOT", "/var/task")
      version = RbConfig::CONFIG["ruby_version"]
      bundles = ["#{root}/vendor/bundle", DEPENDENCIES].map { |folder| "#{folder}/ruby/#{version}" }
      given = ENV["GEM_PATH"].to_s.split(":")
      Gem.paths = { "GEM_HOME" => bundles[1], "GEM_PATH" => [*given, *bundles, "/opt/ruby/gems/#{version}", *Gem.default_path].join(":") }
      $LOAD_PATH.unshift(root, "/opt/ruby/lib")
      Dir.chdir(root)
    rescue SystemCallError
      nil # the folder is what the function makes of it; a missing one shows when the handler is loaded
    end

    # Modules that most functions require: paid for once, before anybody waits.
    def preload
      %w[logger time net/http openssl base64 securerandom digest].each do |name|
        require name
      rescue LoadError
        next
      end
      Logger::Formatter.prepend(RequestLines)
    end

    def main
      $stdout.sync = true
      $stderr.sync = true
      preload
      link = Link.new(ENV.fetch("FUNCTORY_SOCKET", SOCKET))
      function = Function.new(link)
      link.send("R", JSON.generate({ runtime: RUBY_VERSION }))
      kind, body = link.receive
      return unless kind == "b" && function.bind(body)

      loop do
        kind, body = link.receive
        function.run(body) if kind == "i"
      end
    end
  end
end

Functory.main
