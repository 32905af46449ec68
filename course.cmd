@echo off
rem The command course, whether or not its environment is active. Elsewhere: the file course.
if exist "%~dp0.venv\Scripts\course.exe" (
    "%~dp0.venv\Scripts\course.exe" %*
) else (
    where /q course.exe && course.exe %* || echo The course is not set up: see its README, or activate its environment.
)
